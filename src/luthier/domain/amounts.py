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
            return _plain(estimate, "kWh")
        case "kgCO2e":
            return f"{_figure(1000 * estimate.low)} to {_figure(1000 * estimate.high)} g"
        case "money":
            return _plain(estimate, estimate.currency)


def _plain(estimate: Estimate, unit: str) -> str:
    return f"{_figure(estimate.low)} to {_figure(estimate.high)} {unit}"


def _figure(value: float) -> str:
    """Two digits that count, never in powers of ten."""
    if value >= 100:
        return f"{value:.0f}"
    if value >= 0.1:
        return f"{value:.2f}"
    return f"{value:.2g}" if value >= 0.0001 else f"{value:.6f}".rstrip("0").rstrip(".") or "0"
