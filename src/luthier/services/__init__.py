"""Decides what: one module per noun, one transaction per use case."""
