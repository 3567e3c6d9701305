"""The only package that imports torch; it runs as a process of its own: python -m luthier.engine."""
