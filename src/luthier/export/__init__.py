"""Models as others run them: merged, converted and quantised row by row. Runs as `python -m luthier.export`."""
