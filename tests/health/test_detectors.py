"""Each detector fires on a curve that has its fault, at the step that has it, and says what gave it away."""

import math
import random
from collections.abc import Iterable

import pytest

from luthier.domain.health import Anomaly, AnomalyKind
from luthier.health.detectors import Gauges
from luthier.health.verdicts import alert_of, judge, sentence_of
from luthier.health.watched import Observation, Watched

K = AnomalyKind
UNKNOWN = Gauges()


def falling(steps: int, noise: float = 0.2, seed: int = 1) -> list[float]:
    """From 3 towards 0.5, with log-normal noise."""
    chance = random.Random(seed)
    return [(0.5 + 2.5 * math.exp(-step / 40)) * math.exp(noise * chance.gauss(0, 1)) for step in range(steps)]


def of_two_kinds(steps: int, bad_share: float, seed: int = 1) -> list[float]:
    """As KTO learns from single answers: good ones are soon worth their reward, bad ones stay dear."""
    chance = random.Random(seed)
    losses = []
    for step in range(steps):
        end = 0.4 if chance.random() < bad_share else 0.03
        losses.append(0.5 * (end / 0.5) ** (1 - math.exp(-step / 40)) * math.exp(0.1 * chance.gauss(0, 1)))
    return losses


def watch(
    losses: Iterable[float],
    norms: Iterable[float] | None = None,
    rates: Iterable[float] | None = None,
    gauges: Gauges = UNKNOWN,
    held_out: dict[int, float] | None = None,
) -> tuple[list[Anomaly], Anomaly | None]:
    """The warnings, and what stopped it."""
    losses = list(losses)
    seen, warnings = Watched(), list[Anomaly]()
    norms = list(norms or [1.0] * len(losses))
    rates = list(rates or [500.0] * len(losses))
    for step, (loss, norm, rate) in enumerate(zip(losses, norms, rates, strict=True), 1):
        if held_out and step in held_out:
            seen = seen.with_held_out(step - 1, held_out[step])
        verdict = judge(seen, Observation(step, loss, norm, 1.0, rate), gauges)
        warnings += verdict.warnings
        if verdict.stop:
            return warnings, verdict.stop
        seen = verdict.watched
    return warnings, None


def stopped_by(*arguments: object, **named: object) -> Anomaly:
    _, stop = watch(*arguments, **named)  # type: ignore[arg-type]
    assert stop is not None
    return stop


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_a_loss_that_is_no_number_stops_at_its_step(value: float) -> None:
    anomaly = stopped_by([*falling(30), value])
    assert (anomaly.kind, anomaly.step, anomaly.since_step) == (K.NOT_FINITE, 31, 31)


def test_a_gradient_that_is_no_number_stops_the_very_first_step() -> None:
    anomaly = stopped_by([2.0], [math.nan])
    assert (anomaly.kind, anomaly.step) == (K.NOT_FINITE, 1)
    assert "in its gradient" in sentence_of(anomaly)


def test_a_spike_stops_at_its_step_with_the_curve_before_it_as_evidence() -> None:
    losses = [*falling(60), 9.0]
    anomaly = stopped_by(losses)
    assert (anomaly.kind, anomaly.step, anomaly.since_step) == (K.SPIKE, 61, 61)
    assert anomaly.evidence is not None
    assert [point.value for point in anomaly.evidence.points] == losses[-40:]


def test_a_loss_as_high_as_at_the_beginning_is_no_spike() -> None:
    assert watch([*falling(60), 3.2, *falling(80)[60:]]) == ([], None)


def test_a_gradient_that_explodes_stops_at_its_step() -> None:
    anomaly = stopped_by(falling(40), [1.0] * 39 + [80.0])
    assert (anomaly.kind, anomaly.step, anomaly.usual_norm) == (K.EXPLODING_GRADIENT, 40, 1.0)


def test_a_loss_that_rises_and_stays_has_diverged_since_before_it_rose() -> None:
    anomaly = stopped_by([*falling(80), *(0.8 * 1.15**step for step in range(30))])
    assert anomaly.kind is K.DIVERGENCE
    assert 60 < anomaly.since_step <= 81 < anomaly.step


@pytest.mark.parametrize("bad_share", [0.1, 0.2, 0.33, 0.5])
def test_steps_of_two_kinds_are_noise_and_no_divergence(bad_share: float) -> None:
    """Batches of one in KTO: most neighbours are alike, so that a median of their distances sees no noise at all."""
    assert all(watch(of_two_kinds(400, bad_share, seed))[1] is None for seed in range(3))


@pytest.mark.parametrize("bad_share", [0.2, 0.33, 0.5])
def test_losses_of_two_kinds_that_both_rise_have_diverged(bad_share: float) -> None:
    anomaly = stopped_by([*of_two_kinds(150, bad_share), *[0.97] * 100])
    assert anomaly.kind is K.DIVERGENCE
    assert 140 < anomaly.since_step <= 152


def test_a_gradient_that_vanishes_while_the_loss_is_high_is_reported_and_stops_nothing() -> None:
    (warning,), stop = watch(falling(20) + [2.5] * 60, [1.0] * 20 + [1e-7] * 60)
    assert (warning.kind, stop) == (K.VANISHING_GRADIENT, None)


def test_a_small_gradient_of_a_small_loss_is_as_it_should_be() -> None:
    losses = [3.0 * math.exp(-step / 6) for step in range(60)]
    assert watch(losses, [loss * 1e-3 for loss in losses]) == ([], None)


def test_standing_still_for_long_is_a_plateau_and_is_said_once() -> None:
    chance = random.Random(3)
    warnings, _ = watch(2.0 * math.exp(0.05 * chance.gauss(0, 1)) for _ in range(400))
    assert [each.kind for each in warnings] == [K.PLATEAU]


def test_a_held_out_loss_that_rises_over_a_training_loss_that_is_lower_is_overfitting() -> None:
    losses = [2.0 * math.exp(-step / 20) + 0.01 for step in range(100)]
    held_out = {11: 1.5, 31: 1.0, 51: 1.2, 71: 1.4, 91: 1.6}
    (warning,), stop = watch(losses, held_out=held_out)
    assert (warning.kind, warning.step, stop) == (K.OVERFITTING, 71, None)
    assert "from 1 at step 30" in sentence_of(warning)


def test_a_held_out_loss_that_rises_together_with_the_training_loss_is_none() -> None:
    warnings, _ = watch(falling(100), held_out={11: 0.3, 31: 0.32, 51: 0.34, 71: 0.36})
    assert K.OVERFITTING not in {each.kind for each in warnings}


@pytest.mark.parametrize(
    ("gauges", "kind"),
    [
        (Gauges(memory_bytes=91, memory_limit_bytes=100), K.MEMORY_HIGH),
        (Gauges(disk_free_bytes=200_000_100, checkpoint_bytes=100), K.DISK_LOW),
    ],
)
def test_memory_and_disk_are_seen_before_they_run_out(gauges: Gauges, kind: AnomalyKind) -> None:
    anomaly = stopped_by([2.0], gauges=gauges)
    assert (anomaly.kind, anomaly.since_step) == (kind, 1)


def test_what_is_not_known_of_a_machine_is_no_anomaly() -> None:
    roomy = Gauges(memory_bytes=90, memory_limit_bytes=100, disk_free_bytes=10**9, checkpoint_bytes=100)
    for gauges in (Gauges(), roomy, Gauges(memory_bytes=10**12)):
        assert watch([2.0], gauges=gauges) == ([], None)


def test_a_speed_that_drops_to_a_third_is_reported() -> None:
    (warning,), _ = watch(falling(70), rates=[900.0] * 55 + [300.0] * 15)
    assert warning.kind is K.THROUGHPUT_DROP


def test_examples_that_are_known_by_heart_are_exhausted() -> None:
    (warning,), _ = watch([2.0 * math.exp(-step / 10) + 1e-4 for step in range(80)], gauges=Gauges(epochs=5))
    assert warning.kind is K.DATA_EXHAUSTED


def test_an_accepted_kind_stops_nothing_and_others_still_do() -> None:
    seen = Watched()
    for step, loss in enumerate(falling(40), 1):
        seen = judge(seen, Observation(step, loss, 1.0, 1.0, 0.0), Gauges()).watched
    spike = Observation(41, 50.0, 1.0, 1.0, 0.0)
    assert judge(seen, spike, Gauges(), {K.SPIKE}).stop is None
    stop = judge(seen, spike._replace(loss=math.nan), Gauges(), {K.SPIKE}).stop
    assert stop is not None and stop.kind is K.NOT_FINITE


def test_a_spike_while_the_loss_already_rises_goes_back_to_before_the_rise() -> None:
    anomaly = stopped_by([*falling(80), *[1.5] * 6, 30.0])
    assert (anomaly.kind, anomaly.step) == (K.SPIKE, 87)
    assert 60 < anomaly.since_step < 82


def test_an_alert_says_what_happened_why_it_may_have_and_what_can_be_done() -> None:
    (warning,), _ = watch(falling(70), rates=[900.0] * 55 + [300.0] * 15)
    alert = alert_of(warning, "run_x", 1e-3)
    assert alert.code == "health.throughput_drop"
    assert "300 tokens" in alert.sentence and "33.3 %" in alert.sentence
    assert len(alert.causes) >= 2
    assert any(action.command == "luthier runs pause run_x" for action in alert.actions)
