"""Detects that training has gone where no update can be trusted: a loss or gradient that is not a number."""

import math


def not_finite(loss: float, gradient_norm: float) -> str | None:
    """What to call the value in a sentence; None when both are finite."""
    for name, value in (("", loss), ("the gradient ", gradient_norm)):
        if math.isnan(value):
            return f"{name}not a number"
        if math.isinf(value):
            return f"{name}infinite"
    return None
