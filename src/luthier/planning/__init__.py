"""From numbers to plans: pure functions, no torch, no network."""
