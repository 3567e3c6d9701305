"""What a model said, read as it comes: where to stop, and which functions it calls."""
