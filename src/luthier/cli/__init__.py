"""The terminal face: thin commands over one workspace."""
