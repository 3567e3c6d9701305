"""The silent and the stuck are told from the slow."""

from luthier.health.liveness import STARTING_SECONDS, STUCK_SECONDS, Liveness, Vital


def test_a_worker_that_speaks_is_alive() -> None:
    liveness = Liveness(silence_seconds=30, now=0)
    for second in range(1, 100):
        liveness.heard(Vital(work=second), now=second)
    assert not liveness.is_frozen(now=120)


def test_silence_counts_as_frozen_only_after_the_limit() -> None:
    liveness = Liveness(silence_seconds=30, now=0)
    liveness.heard(Vital(work=1), now=10)
    assert not liveness.is_frozen(now=40)
    assert liveness.is_frozen(now=40.1)


def test_a_worker_that_has_not_spoken_yet_is_given_time_to_start() -> None:
    liveness = Liveness(silence_seconds=30, now=0)
    assert not liveness.is_frozen(now=STARTING_SECONDS)
    assert liveness.is_frozen(now=STARTING_SECONDS + 1)


def test_a_pulse_without_work_is_frozen_in_the_end() -> None:
    liveness = Liveness(silence_seconds=30, now=0)
    for second in range(0, int(STUCK_SECONDS) + 10, 5):
        liveness.heard(Vital(work=7), now=second)
    assert liveness.is_frozen(now=STUCK_SECONDS + 10)


def test_one_slow_step_is_not_frozen() -> None:
    liveness = Liveness(silence_seconds=30, now=0)
    for second in range(0, int(STUCK_SECONDS) - 10, 5):
        liveness.heard(Vital(work=7), now=second)
    liveness.heard(Vital(work=8), now=STUCK_SECONDS - 5)
    assert not liveness.is_frozen(now=STUCK_SECONDS + 20)
