"""Makes examples from examples: pure and deterministic, streaming, each row with the origin it comes from."""
