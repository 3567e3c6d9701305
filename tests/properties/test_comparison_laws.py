"""Laws 22 to 24: a comparison always has curves, marks the best of each figure with its equals, and misses nothing."""

from itertools import permutations
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import luthier
from luthier.domain.comparisons import differences_of, metrics_of
from luthier.domain.plans import Decision
from luthier.domain.run_states import RunState
from luthier.domain.runs import MetricPoint, Run
from luthier.settings import Settings
from luthier.store import open_store
from tests.builders import a_plan, a_recipe, a_run

LOSSES = st.one_of(st.none(), st.sampled_from((0.25, 0.5, 1.0)))
VALUES = st.one_of(st.none(), st.integers(0, 2), st.sampled_from(("cosine", "linear")))
NAMES = ("epochs", "schedule", "adapter.rank")


@given(st.lists(LOSSES, min_size=2, max_size=5))
def test_the_best_is_marked_with_its_equals_and_only_where_all_are_known(losses: list[float | None]) -> None:
    runs = [a_run(loss=loss, state=RunState.COMPLETED) for loss in losses]
    found = {metric.name: metric for metric in metrics_of(runs, [{}] * len(runs))}
    if set(losses) == {None}:
        assert "loss" not in found
        return
    marked = {place for place, loss in enumerate(losses) if loss == min(each for each in losses if each is not None)}
    says_nothing = None in losses or len(marked) == len(losses)
    assert set(found["loss"].best) == (set() if says_nothing else marked)


@given(st.lists(st.fixed_dictionaries(dict.fromkeys(NAMES, VALUES)), min_size=2, max_size=4))
def test_differences_are_complete_and_the_same_from_every_side(said: list[dict[str, Any]]) -> None:
    runs = [_run_of(values) for values in said]
    found = {row.name: row.values for row in differences_of(runs)}
    differing = {name for name in NAMES if len({repr(values[name]) for values in said}) > 1}
    assert set(found) == differing
    for order in permutations(range(len(runs))):
        turned = {row.name: row.values for row in differences_of([runs[place] for place in order])}
        assert turned == {name: tuple(values[place] for place in order) for name, values in found.items()}


@settings(max_examples=8, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(st.integers(1, 40), min_size=2, max_size=5), st.sampled_from(("step", "tokens", "seconds")))
def test_two_to_five_runs_always_have_a_curve_each(
    tmp_path_factory: pytest.TempPathFactory, steps: list[int], axis: Any
) -> None:
    home = tmp_path_factory.mktemp("shop")
    with luthier.open(settings=Settings(home=home, offline=True)) as workspace:
        runs = [a_run(state=RunState.COMPLETED) for _ in steps]
        store = open_store(workspace.folders.database)
        with store.writing() as tx:
            for run, last in zip(runs, steps, strict=True):
                tx.runs.add(run)
                tx.metrics.put(run.run_id, tuple(_noted(last)))
        store.close()
        curves = workspace.comparisons.curves([run.run_id for run in runs], "loss", axis, 1000)
    assert [len(curve.points) for curve in curves] == steps
    assert all([at for at, _ in curve.points] == sorted(at for at, _ in curve.points) for curve in curves)


def _run_of(values: dict[str, Any]) -> Run:
    decisions = tuple(
        Decision(name=name, value=value, reason="A test.", source="data")
        for name, value in values.items()
        if value is not None
    )
    return a_run(recipe=a_recipe(), plan=a_plan(decisions=decisions))


def _noted(last: int) -> list[MetricPoint]:
    figures = {"loss": 0.5, "step_seconds": 2.0, "tokens_per_second": 100.0}
    return [
        MetricPoint(step=step, name=name, value=value) for step in range(1, last + 1) for name, value in figures.items()
    ]
