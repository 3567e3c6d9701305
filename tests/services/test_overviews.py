from datetime import timedelta

import pytest

from luthier.domain.plans import Costs, Estimate
from luthier.domain.run_states import RunMove, RunState
from luthier.domain.runs import Run
from luthier.kit.clock import SystemClock
from luthier.services.folders import Folders
from luthier.services.overviews import Overviews
from luthier.services.queue import Queue
from luthier.services.run_moves import move_run
from luthier.store import Store
from tests.builders import a_plan, a_recipe, a_run
from tests.builders.machines import AShared

NOW = SystemClock().now()


@pytest.fixture
def overviews(store: Store, folders: Folders) -> Overviews:
    return Overviews(store, Queue(store, folders, AShared()), folders, SystemClock())


def estimate(unit: str, middle: float) -> Estimate:
    given = {"low": 0.9 * middle, "high": 1.1 * middle, "confidence": 0.9, "basis": "", "currency": "EUR"}
    return Estimate.model_validate({**given, "unit": unit})


def a_priced_run(took: float, planned: float = 100.0, days_ago: float = 0.0) -> Run:
    costs = Costs(
        energy=estimate("kWh", 2.0), electricity=estimate("money", 0.6), co2e=estimate("kgCO2e", 1.0), region="world"
    )
    plan = a_plan(duration=estimate("seconds", planned), costs=costs)
    finished = NOW - timedelta(days=days_ago)
    return a_run(state=RunState.COMPLETED, plan=plan, training_seconds=took, finished_at=finished)


def add(store: Store, *runs: Run) -> None:
    with store.writing() as tx:
        for run in runs:
            tx.runs.add(run)


def test_an_empty_workspace_has_an_overview_too(overviews: Overviews) -> None:
    seen = overviews.now()
    assert (seen.at_work, seen.waiting, seen.needs, seen.spent.ever.runs) == ((), (), (), 0)
    assert 0 <= seen.machine.busy_share <= 1
    assert seen.machine.memory_total > seen.machine.memory_used > 0


def test_what_works_waits_and_stands_still_is_told_apart(store: Store, overviews: Overviews) -> None:
    states = (RunState.RUNNING, RunState.QUEUED, RunState.COMPLETED, RunState.PAUSED)
    add(store, *(a_run(name=state.value, recipe=a_recipe(name=state.value), state=state) for state in states))
    seen = overviews.now()
    assert [run.name for run in seen.at_work] == ["running"]
    assert [each.run.name for each in seen.waiting] == ["queued"]
    assert seen.needs == ()  # somebody has paused it, and knows


def test_spending_follows_the_time_that_runs_really_took(store: Store, overviews: Overviews) -> None:
    add(store, a_priced_run(took=50.0), a_priced_run(took=200.0, days_ago=10), a_priced_run(took=100.0, days_ago=40))
    spent = overviews.now().spent
    assert spent.today.energy_kwh == pytest.approx(1.0)
    assert spent.month.energy_kwh == pytest.approx(1.0 + 4.0)
    assert spent.ever.energy_kwh == pytest.approx(1.0 + 4.0 + 2.0)
    assert [(each.currency, round(each.amount, 6)) for each in spent.ever.money] == [("EUR", 2.1)]
    assert spent.ever.training_seconds == 350.0


def test_a_run_without_priced_plan_counts_with_its_time_and_claims_no_energy(
    store: Store, overviews: Overviews
) -> None:
    add(store, a_run(state=RunState.COMPLETED, plan=a_plan(costs=None), training_seconds=60.0, finished_at=NOW))
    ever = overviews.now().spent.ever
    assert (ever.runs, ever.training_seconds, ever.energy_kwh, ever.money) == (1, 60.0, None, ())


def test_a_run_that_ends_is_in_the_spending_of_the_next_look(store: Store, overviews: Overviews) -> None:
    run = a_priced_run(took=50.0).model_copy(update={"state": RunState.COMPLETING, "finished_at": None})
    add(store, run)
    assert overviews.now().spent.ever.runs == 0
    with store.writing() as tx:
        move_run(tx, run, RunMove.COMPLETE, author="supervisor", cause="done", at=NOW, finished_at=NOW)
    assert overviews.now().spent.ever.runs == 1
