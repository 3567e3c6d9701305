"""Ranges in words: with their unit, and never in powers of ten."""

import pytest

from luthier.domain.amounts import show_estimate
from luthier.domain.plans import Estimate


@pytest.mark.parametrize(
    ("low", "high", "unit", "words"),
    [
        (1.2e9, 1.6e9, "bytes", "1.2 GB to 1.6 GB"),
        (60, 125, "seconds", "1 min 00 s to 2 min 05 s"),
        (0.0003, 0.0031, "kWh", "0.30 to 3.10 Wh"),
        (0.5, 12, "kWh", "0.50 to 12.0 kWh"),
        (0.0001, 0.002, "kgCO2e", "0.10 to 2.00 g"),
        (1e-6, 1e-3, "money", "less than 0.01 EUR"),
        (0.001, 0.02, "money", "up to 0.02 EUR"),
        (1.5, 3, "money", "1.50 to 3.00 EUR"),
    ],
)
def test_a_range_is_said_as_people_say_it(low: float, high: float, unit: str, words: str) -> None:
    estimate = Estimate(low=low, high=high, unit=unit, confidence=0.8, basis="", currency="EUR")  # type: ignore[arg-type]
    assert show_estimate(estimate) == words
