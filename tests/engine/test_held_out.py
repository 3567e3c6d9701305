"""A held-out loss that is not a number: a remedy is wanted where training brought it about, and nothing crashes."""

from collections.abc import Callable
from typing import Any

import pytest

from luthier.domain.health import AnomalyKind, AppliedRemedy, RemedyName
from luthier.domain.jobs import Alert, HeldOutLoss
from luthier.domain.recipes import HealthSpec
from luthier.engine.channel import Channel
from luthier.engine.checkpoints import TrainingState
from luthier.engine.held_out import refuse_not_finite
from luthier.engine.loop import Bench, train
from luthier.engine.next_token import NextToken
from luthier.engine.vigil import Unwell
from luthier.health.checkpoints import healthy, step_of
from tests.engine.workers import facts_of

BenchFor = Callable[..., Bench]
VALUES: dict[str, Any] = {"max_steps": 6, "evaluate_every": 2, "checkpoint_every": 2, "keep_checkpoints": 9}
GONE_ON = AppliedRemedy(
    number=1,
    remedy=RemedyName.GO_ON,
    anomaly=AnomalyKind.HELD_OUT_NOT_FINITE,
    step=4,
    after_step=2,
    author="user",
)


class Overflowing(NextToken):
    """Cannot be measured at the steps `at`."""

    at: tuple[int, ...] = ()

    def held_out(self, step: int, pass_tokens: int, channel: Channel) -> HeldOutLoss | None:
        if step in self.at:
            refuse_not_finite(float("nan"), step, self._settings)
        return super().held_out(step, pass_tokens, channel)


def overflowing(bench: Bench, *at: int) -> Bench:
    objective = Overflowing(bench.base, bench.data, bench.job.settings)
    objective.at = at
    return Bench(**{**vars(bench), "objective": objective})


def alerts_of(bench: Bench) -> list[Alert]:
    return [fact for fact in facts_of(bench.run_folder) if isinstance(fact, Alert)]


@pytest.mark.parametrize("policy", ["ask", "automatic"])
def test_training_that_brings_it_about_stops_and_goes_back_to_what_was_measured(
    bench_for: BenchFor, policy: str
) -> None:
    bench = overflowing(bench_for(**VALUES, health=HealthSpec.model_validate({"policy": policy})), 4)
    with pytest.raises(Unwell) as caught:
        train(bench, TrainingState())
    anomaly = caught.value.anomaly
    assert (anomaly.kind, anomaly.step) == (AnomalyKind.HELD_OUT_NOT_FINITE, 4)
    assert caught.value.alert.sentence.startswith("The held-out loss after step 4 is not a number. Training stopped")
    folder = healthy(bench.run_folder / "checkpoints", anomaly.since_step)
    assert folder is not None and step_of(folder) == 2


def test_with_nothing_watched_it_is_said_and_the_run_goes_on(bench_for: BenchFor) -> None:
    bench = overflowing(bench_for(**VALUES, health=HealthSpec(policy="off")), 4)
    state = train(bench, TrainingState())
    assert (state.step, sorted(state.held_out_losses)) == (6, [0, 2, 6])
    (alert,) = alerts_of(bench)
    assert alert.code == "health.held_out_not_finite" and "goes on without" in alert.sentence


def test_a_base_that_cannot_be_measured_is_trained_all_the_same_and_this_is_said_once(bench_for: BenchFor) -> None:
    bench = overflowing(bench_for(**VALUES, health=HealthSpec(policy="automatic")), 0, 2, 4, 6)
    state = train(bench, TrainingState())
    assert (state.step, state.held_out_losses) == (6, {})
    assert [alert.step for alert in alerts_of(bench)] == [0]


def test_who_decided_to_go_on_is_not_stopped_again(bench_for: BenchFor) -> None:
    bench = overflowing(bench_for(**VALUES, health=HealthSpec(policy="ask"), remedies=(GONE_ON,)), 4)
    assert sorted(train(bench, TrainingState()).held_out_losses) == [0, 2, 6]
    assert alerts_of(bench) == []
