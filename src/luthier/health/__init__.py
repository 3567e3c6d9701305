"""From metrics and files to verdicts: pure."""
