"""Rows of a user's file, one at a time in bounded memory; what kind of file it is follows from its content."""
