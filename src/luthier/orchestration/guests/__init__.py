"""Programs that run in the environments of guests, and the process that speaks with one of them."""
