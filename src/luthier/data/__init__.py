"""From a user's file to tokens with a loss mask: pure, no torch."""
