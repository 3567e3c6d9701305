"""The silent and the stuck are told from the slow, by the limits of the phase that they are in."""

import pytest

from luthier.health.facts import supervision
from luthier.health.liveness import Liveness, Vital

WATCHDOG = supervision().watchdog
PHASES = ("loading", "preparing", "preflight", "training", "checkpoint", "evaluating", "completing")


def a_watch() -> Liveness:
    return Liveness(WATCHDOG, silence_seconds=30, now=0)


def test_a_worker_that_speaks_is_alive() -> None:
    liveness = a_watch()
    for second in range(1, 100):
        liveness.heard(Vital(work=second), now=second)
    assert liveness.frozen_seconds(now=120) is None


def test_silence_counts_as_frozen_only_after_the_limit() -> None:
    liveness = a_watch()
    liveness.heard(Vital(work=1), now=10)
    assert liveness.frozen_seconds(now=40) is None
    assert liveness.frozen_seconds(now=40.1) == pytest.approx(30.1)


def test_a_worker_that_has_not_spoken_yet_is_given_time_to_start() -> None:
    limit = WATCHDOG.of("starting").silence_seconds
    assert limit is not None
    assert a_watch().frozen_seconds(now=limit) is None
    assert a_watch().frozen_seconds(now=limit + 1) == limit + 1


@pytest.mark.parametrize("phase", PHASES)
def test_a_pulse_without_work_is_frozen_after_the_limit_of_its_phase(phase: str) -> None:
    liveness, limit = a_watch(), WATCHDOG.of(phase).stuck_seconds
    for second in range(0, int(limit) + 10, 5):
        liveness.heard(Vital(work=7, phase=phase), now=second)
    assert liveness.frozen_seconds(now=limit) is None
    assert liveness.frozen_seconds(now=limit + 10) is not None
    assert liveness.phase == phase


def test_one_slow_step_is_not_frozen() -> None:
    liveness, limit = a_watch(), WATCHDOG.of("training").stuck_seconds
    for second in range(0, int(limit) - 10, 5):
        liveness.heard(Vital(work=7, phase="training"), now=second)
    liveness.heard(Vital(work=8, phase="training"), now=limit - 5)
    assert liveness.frozen_seconds(now=limit + 20) is None
