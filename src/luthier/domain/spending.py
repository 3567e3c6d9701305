"""What finished runs have taken: time as measured, energy, money and CO2e as planned for the time it really was."""

from collections.abc import Iterable
from datetime import datetime

from luthier.domain.plans import Estimate
from luthier.domain.runs import Run
from luthier.kit.frozen import Frozen


class Money(Frozen):
    amount: float
    currency: str


class Spending(Frozen):
    runs: int
    training_seconds: float
    energy_kwh: float | None  # None where no plan had said what to expect
    co2e_kg: float | None
    money: tuple[Money, ...]  # of electricity, at the price that held then; one for each currency


def spending_of(runs: Iterable[Run]) -> Spending:
    """Of runs that have trained; one without figures of its plan counts with its time alone."""
    trained = [run for run in runs if run.training_seconds]
    counted = [(run, run.plan.costs) for run in trained if run.plan.costs]
    money: dict[str, float] = {}
    for run, costs in counted:
        currency = costs.electricity.currency
        money[currency] = money.get(currency, 0.0) + (really(run, costs.electricity) or 0.0)
    return Spending(
        runs=len(trained),
        training_seconds=sum(run.training_seconds for run in trained),
        energy_kwh=sum(really(run, costs.energy) or 0.0 for run, costs in counted) if counted else None,
        co2e_kg=sum(really(run, costs.co2e) or 0.0 for run, costs in counted) if counted else None,
        money=tuple(Money(amount=amount, currency=currency) for currency, amount in sorted(money.items())),
    )


def finished_since(runs: Iterable[Run], moment: datetime) -> list[Run]:
    return [run for run in runs if run.finished_at is not None and run.finished_at >= moment]


def really(run: Run, planned: Estimate) -> float | None:
    """What was planned, for the time that it really took."""
    return planned.middle * run.training_seconds / run.plan.duration.middle if run.training_seconds else None
