"""Runs side by side: the best is marked only where that means something, and better is said only when it is proven."""

import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import luthier
from luthier.domain.comparisons import RunComparison, RunsToCompare
from luthier.domain.evaluations import Answer
from luthier.domain.plans import Costs, Decision, Estimate
from luthier.domain.run_states import RunState
from luthier.domain.runs import MetricPoint, Run
from luthier.kit.files import write_json
from luthier.settings import Settings
from luthier.store import open_store
from luthier.workspace import Workspace
from tests.builders import a_plan, a_recipe, a_run
from tests.builders.evaluations import an_answer, an_evaluation

DONE: dict[str, Any] = {"state": RunState.COMPLETED, "training_seconds": 60.0, "step": 60}


@pytest.fixture
def workspace(workspace_folder: Path) -> Iterator[Workspace]:
    with luthier.open(settings=Settings(home=workspace_folder, offline=True)) as opened:
        yield opened


def keep(workspace: Workspace, *runs: Run, points: tuple[MetricPoint, ...] = ()) -> list[str]:
    store = open_store(workspace.folders.database)
    with store.writing() as tx:
        for run in runs:
            tx.runs.add(run)
            tx.metrics.put(run.run_id, points)
    store.close()
    return [run.run_id for run in runs]


def answered(workspace: Workspace, run: Run, right: int, total: int = 60) -> None:
    answers = tuple(an_answer(row, tuned_right=row <= right) for row in range(1, total + 1))
    answered_with(workspace, run, answers)


def answered_with(workspace: Workspace, run: Run, answers: tuple[Answer, ...]) -> None:
    report = an_evaluation().model_copy(update={"answers": answers})
    write_json(workspace.folders.run(run.run_id).evaluation, report.model_dump(mode="json"))


def best(compared: RunComparison, name: str) -> set[str]:
    metric = next(metric for metric in compared.metrics if metric.name == name)
    return {compared.runs[place].name for place in metric.best}


def test_the_best_of_each_figure_is_marked_with_its_equals(workspace: Workspace) -> None:
    runs = [
        a_run(name="slow", loss=0.5, peak_rss_bytes=10, **(DONE | {"training_seconds": 90.0})),
        a_run(name="quick", loss=0.7, peak_rss_bytes=30, **DONE),
        a_run(name="also-quick", loss=0.6, peak_rss_bytes=20, **DONE),
    ]
    compared = workspace.comparisons.of(keep(workspace, *runs))
    assert best(compared, "loss") == best(compared, "peak_memory_bytes") == {"slow"}
    assert best(compared, "training_seconds") == {"quick", "also-quick"}
    assert best(compared, "steps") == set()


def test_a_run_that_is_not_done_wins_nothing_by_having_taken_less(workspace: Workspace) -> None:
    done = a_run(name="done", **DONE)
    half = a_run(name="half", **(DONE | {"state": RunState.PAUSED, "training_seconds": 30.0}))
    assert best(workspace.comparisons.of(keep(workspace, done, half)), "training_seconds") == set()


@pytest.mark.parametrize(
    ("other", "what"),
    [
        ({"dataset_id": "ds_other"}, "the examples"),
        ({"base_revision": "ff" * 20}, "the base model"),
        ({"recipe": a_recipe(method="cpt")}, "the method"),
    ],
)
def test_losses_of_different_tasks_are_not_held_against_each_other(
    workspace: Workspace, other: dict[str, Any], what: str
) -> None:
    compared = workspace.comparisons.of(
        keep(workspace, a_run(name="one", loss=0.5, **DONE), a_run(name="two", loss=0.9, **DONE, **other))
    )
    assert [what in doubt for doubt in compared.doubts] == [True]
    assert best(compared, "loss") == set()


def test_better_is_said_only_when_the_same_examples_prove_it(workspace: Workspace) -> None:
    poor, good, as_good = (a_run(name=name, **DONE) for name in ("poor", "good", "as-good"))
    references = keep(workspace, poor, good, as_good)
    for run, right in ((poor, 20), (good, 55), (as_good, 56)):
        answered(workspace, run, right)
    compared = workspace.comparisons.of(references)
    said = [compared.sentence_of(verdict) for verdict in compared.verdicts]
    assert [sentence.split(":")[0] for sentence in said] == ["good is better than poor", "as-good is better than poor"]
    assert "58.3 points more right on the same 60 held-out examples" in said[0]


def test_runs_that_answered_other_examples_are_not_judged(workspace: Workspace) -> None:
    one, two = a_run(name="one", **DONE), a_run(name="two", **DONE)
    references = keep(workspace, one, two)
    answered(workspace, one, 0)
    answered_with(workspace, two, tuple(an_answer(row, prompt=f"another {row}") for row in range(60)))
    assert workspace.comparisons.of(references).verdicts == ()


def test_only_what_differs_is_listed(workspace: Workspace) -> None:
    def planned(rate: float) -> Any:
        values = {"learning_rate": rate, "epochs": 2.0}
        return a_plan(
            decisions=tuple(Decision(name=n, value=v, reason="So.", source="default") for n, v in values.items())
        )

    runs = [a_run(name="one", plan=planned(1e-3)), a_run(name="two", plan=planned(1e-4))]
    (row,) = workspace.comparisons.of(keep(workspace, *runs)).differences
    assert (row.name, row.values) == ("learning_rate", (1e-3, 1e-4))


def test_the_best_by_a_metric_stands_first_and_what_lacks_it_last(workspace: Workspace) -> None:
    shares = {"none": {}, "half": {"tuned_share": 0.5}, "most": {"tuned_share": 0.9}}
    references = keep(workspace, *(a_run(name=name, summary=summary, **DONE) for name, summary in shares.items()))
    assert [run.name for run in workspace.comparisons.of(references, "right").runs] == ["most", "half", "none"]
    assert [run.name for run in workspace.comparisons.of(references).runs] == ["none", "half", "most"]


@pytest.mark.parametrize("count", [0, 1, 6])
def test_fewer_than_two_and_more_than_five_are_refused(workspace: Workspace, count: int) -> None:
    references = keep(workspace, *(a_run(name=f"run-{number}") for number in range(count)))
    with pytest.raises(RunsToCompare, match=f"not {count}"):
        workspace.comparisons.of(references)


def test_a_run_named_twice_is_one(workspace: Workspace) -> None:
    (reference,) = keep(workspace, a_run())
    with pytest.raises(RunsToCompare, match="not 1"):
        workspace.comparisons.of([reference, reference])


def test_curves_lie_over_steps_tokens_or_seconds(workspace: Workspace) -> None:
    points = tuple(
        MetricPoint(step=step, name=name, value=value)
        for step, loss in ((1, 2.0), (2, math.nan), (3, 1.0))
        for name, value in (("loss", loss), ("step_seconds", 0.5), ("tokens_per_second", 100.0))
    )
    references = [*keep(workspace, a_run(name="one"), points=points), *keep(workspace, a_run(name="bare"))]
    drawn = {
        axis: workspace.comparisons.curves(references, "loss", axis, 100) for axis in ("step", "tokens", "seconds")
    }
    assert drawn["step"][0].points == ((1, 2.0), (2, None), (3, 1.0))
    assert drawn["tokens"][0].points == ((50, 2.0), (100, None), (150, 1.0))
    assert drawn["seconds"][0].points == ((0.5, 2.0), (1.0, None), (1.5, 1.0))
    assert drawn["seconds"][1].points == ()


def test_a_long_curve_is_drawn_in_means(workspace: Workspace) -> None:
    points = tuple(MetricPoint(step=step, name="loss", value=float(step % 2)) for step in range(1, 1001))
    references = [*keep(workspace, a_run(name="one"), points=points), *keep(workspace, a_run(name="bare"))]
    curve = workspace.comparisons.curves(references, "loss", "step", 100)[0].points
    assert len(curve) == 100
    assert {value for _, value in curve} == {0.5}
    assert curve[-1][0] == 1000


def _priced(name: str, price: float, currency: str = "EUR") -> Run:
    """It trained for half of the time that was planned."""
    figures = {"unit": "money", "low": price, "high": price, "confidence": 0.8, "basis": "a test", "currency": currency}
    money = Estimate.model_validate(figures)
    costs = Costs(energy=money, electricity=money, co2e=money, region="world")
    return a_run(name=name, plan=a_plan(costs=costs), **(DONE | {"training_seconds": 90.0}))


def test_the_cheapest_run_is_marked_with_what_its_electricity_cost(workspace: Workspace) -> None:
    runs = keep(workspace, _priced("dear", 4.0), _priced("cheap", 1.0))
    compared = workspace.comparisons.of(runs)
    (cost,) = [metric for metric in compared.metrics if metric.name == "electricity"]
    assert (cost.values, cost.currency) == ((2.0, 0.5), "EUR")
    assert best(compared, "electricity") == {"cheap"}


def test_prices_in_different_currencies_are_not_held_against_each_other(workspace: Workspace) -> None:
    runs = keep(workspace, _priced("here", 4.0), _priced("there", 1.0, "USD"))
    assert "electricity" not in {metric.name for metric in workspace.comparisons.of(runs).metrics}
