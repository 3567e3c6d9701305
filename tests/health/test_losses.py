import math

import pytest

from luthier.health.losses import not_finite


@pytest.mark.parametrize(
    ("loss", "norm", "words"),
    [
        (math.nan, 1.0, "not a number"),
        (-math.inf, 1.0, "infinite"),
        (1.0, math.nan, "not a number in its gradient"),
        (1.0, math.inf, "infinite in its gradient"),
        (0.0, 0.0, None),
    ],
)
def test_what_is_not_finite_is_named(loss: float, norm: float, words: str | None) -> None:
    assert not_finite(loss, norm) == words
