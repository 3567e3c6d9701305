"""Scenarios in Markdown: read without loss, checked with line and column, varied, and turned into examples."""
