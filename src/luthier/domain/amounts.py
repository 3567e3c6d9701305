"""How estimates and measurements are said in words, each with its unit, the same in the terminal and on pages."""

from collections.abc import Sequence
from typing import Literal

from luthier.domain.plans import Estimate
from luthier.domain.spending import Money
from luthier.kit.units import show_bytes, show_count, show_duration, show_percent

Unit = Literal["", "share", "seconds", "bytes", "tokens/s", "kWh", "kgCO2e", "money"]


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


def show_amount(amount: float | None, unit: Unit, currency: str = "") -> str:
    """E.g. `96.7 %`, `12.4 min`, `0.4312`, `0.42 EUR`; a dash for what is not known."""
    if amount is None:
        return "–"
    match unit:
        case "share":
            return show_percent(amount)
        case "seconds":
            return show_duration(amount)
        case "bytes":
            return show_bytes(amount)
        case "tokens/s":
            return f"{show_count(amount)} tok/s"
        case "kWh":
            return f"{_figure(amount)} kWh" if amount >= 1 else f"{_figure(1000 * amount)} Wh"
        case "kgCO2e":
            return f"{_figure(amount)} kg" if amount >= 1 else f"{_figure(1000 * amount)} g"
        case "money":
            return _coins(Money(amount=amount, currency=currency))
        case "":
            return show_count(amount) if amount == int(amount) else f"{amount:.4f}"


def show_money(amounts: Sequence[Money]) -> str:
    """E.g. `0.42 EUR`; one after the other where prices were in different currencies."""
    return ", ".join(_coins(each) for each in amounts) or "–"


_SMALLEST_COIN = 0.01


def _coins(money: Money) -> str:
    if 0 < money.amount < _SMALLEST_COIN:
        return f"less than {_SMALLEST_COIN} {money.currency}"
    return f"{money.amount:.2f} {money.currency}"


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
