"""Detects that training has gone where no update can be trusted: a loss or gradient that is not a number."""

import math


def not_finite(loss: float, gradient_norm: float) -> str | None:
    """What became of it, to stand after "the loss became"; None when both are finite."""
    for name, value in (("", loss), (" in its gradient", gradient_norm)):
        if math.isnan(value):
            return f"not a number{name}"
        if math.isinf(value):
            return f"infinite{name}"
    return None
