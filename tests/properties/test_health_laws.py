"""Detectors stay quiet on healthy curves, however noisy; and they forget nothing over a restart."""

import math
import random

import hypothesis.strategies as st
from hypothesis import given, settings

from luthier.domain.health import AnomalyKind
from luthier.health.detectors import Gauges
from luthier.health.verdicts import judge
from luthier.health.watched import Observation, Watched

STEPS = 240


@st.composite
def healthy_runs(draw: st.DrawFn) -> list[Observation]:
    """Losses fall by a power law or exponentially, to a floor or nearly to nothing; batches of one are very uneven."""
    chance = random.Random(draw(st.integers(0, 2**32)))
    start, floor = draw(st.floats(0.5, 8)), draw(st.floats(0.001, 0.5))
    noise = draw(st.floats(0.01, 0.8))
    pace = draw(st.floats(30, 120))
    power = draw(st.booleans())
    seen = []
    for step in range(1, STEPS + 1):
        share = step**-0.4 if power else math.exp(-step / pace)
        loss = start * (floor + (1 - floor) * share) * math.exp(noise * chance.gauss(0, 1))
        norm = loss * math.exp(0.5 * chance.gauss(0, 1))
        warm = min(1.0, step / 10)
        seen.append(Observation(step, loss, norm, warm * (1 - step / STEPS), 500 * math.exp(0.15 * chance.gauss(0, 1))))
    return seen


@given(run=healthy_runs())
@settings(deadline=None, max_examples=40)
def test_no_healthy_curve_is_ever_stopped_or_called_anything_else(run: list[Observation]) -> None:
    watched = Watched()
    for seen in run:
        verdict = judge(watched, seen, Gauges(epochs=3 * seen.step / STEPS))
        assert verdict.stop is None
        assert not verdict.warnings
        watched = verdict.watched


@given(run=healthy_runs(), at=st.integers(30, STEPS - 1), kind=st.sampled_from(["loss", "nan"]))
@settings(deadline=None, max_examples=25)
def test_what_breaks_a_run_is_stopped_at_its_step_wherever_it_comes(run: list[Observation], at: int, kind: str) -> None:
    highest = max(seen.loss for seen in run)
    run[at] = run[at]._replace(loss=math.nan if kind == "nan" else 2000 * highest)
    watched = Watched()
    for seen in run:
        verdict = judge(watched, seen, Gauges())
        watched = verdict.watched
        if verdict.stop is not None:
            break
    assert verdict.stop is not None
    assert verdict.stop.step == at + 1
    assert verdict.stop.kind is (AnomalyKind.NOT_FINITE if kind == "nan" else AnomalyKind.SPIKE)
    assert verdict.stop.since_step <= at + 1


@given(run=healthy_runs(), cut=st.integers(1, STEPS - 1))
@settings(deadline=None, max_examples=15)
def test_a_memory_that_was_written_and_read_leads_to_the_same_verdicts(run: list[Observation], cut: int) -> None:
    whole = resumed = Watched()
    for seen in run[:cut]:
        whole = judge(whole, seen, Gauges()).watched
    resumed = Watched.model_validate_json(whole.model_dump_json())
    assert resumed == whole
    for seen in run[cut:]:
        whole, resumed = judge(whole, seen, Gauges()).watched, judge(resumed, seen, Gauges()).watched
    assert resumed == whole
