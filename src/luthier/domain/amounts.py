"""How estimates are said in words: a range with its unit, the same in the terminal and on pages."""

from luthier.domain.plans import Estimate
from luthier.kit.units import show_bytes, show_duration


def show_estimate(estimate: Estimate) -> str:
    """E.g. `1.2 GB to 1.6 GB`, `0.004 to 0.02 EUR`."""
    match estimate.unit:
        case "bytes":
            return f"{show_bytes(estimate.low)} to {show_bytes(estimate.high)}"
        case "seconds":
            return f"{show_duration(estimate.low)} to {show_duration(estimate.high)}"
        case "kWh":
            wide = estimate.high >= 1
            return _span(estimate.low, estimate.high, "kWh") if wide else _in_thousandths(estimate, "Wh")
        case "kgCO2e":
            wide = estimate.high >= 1
            return _span(estimate.low, estimate.high, "kg") if wide else _in_thousandths(estimate, "g")
        case "money":
            if estimate.high < _SMALLEST_COIN:
                return f"less than {_SMALLEST_COIN} {estimate.currency}"
            return _span(estimate.low, estimate.high, estimate.currency)


_SMALLEST_COIN = 0.01


def _in_thousandths(estimate: Estimate, unit: str) -> str:
    return _span(1000 * estimate.low, 1000 * estimate.high, unit)


def _span(low: float, high: float, unit: str) -> str:
    first, last = _figure(low), _figure(high)
    if float(first) == 0:
        return f"up to {last} {unit}"
    return f"about {last} {unit}" if first == last else f"{first} to {last} {unit}"


def _figure(value: float) -> str:
    """As many digits as count."""
    if value >= 100:
        return f"{value:.0f}"
    return f"{value:.1f}" if value >= 10 else f"{value:.2f}"
