"""Measurements against peers; nothing here is imported by the product or asserted in its tests."""
