from datetime import UTC, datetime

import pytest

from luthier.domain.errors import Problem
from luthier.domain.jobs import Fact, Failed, Heartbeat, HeldOutLoss, Parked, Phase, Progress, Step
from luthier.domain.logs import LogLine
from luthier.engine.log import line_of, log

AT = datetime(2027, 3, 4, 5, 6, 7, tzinfo=UTC)
STEP = Step(
    step=3,
    epoch=0.1,
    loss=1.23456,
    loss_bits="0x1p+0",
    learning_rate=1e-3,
    gradient_norm=0.5,
    tokens=812,
    supervised_tokens=100,
    seconds=2.5,
    rss_bytes=900_000_000,
)


@pytest.mark.parametrize(
    ("fact", "words"),
    [
        (Phase(phase="loading"), "phase loading"),
        (STEP, "step 3: loss 1.2346"),
        (HeldOutLoss(step=0, loss=2, tokens=9), "held-out loss after step 0: 2.0000"),
        (Parked(step=7, folder=None), "stopped at step 7"),
    ],
)
def test_what_happened_stands_in_the_log_with_its_time(
    fact: Fact, words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    log(fact, AT, "run_1", 2)
    line = LogLine.model_validate_json(capsys.readouterr().err)
    assert words in line.message
    assert (line.time, line.level, line.run_id, line.attempt) == (AT, "info", "run_1", 2)


def test_a_failure_is_an_error_with_its_code(capsys: pytest.CaptureFixture[str]) -> None:
    log(Failed(problem=Problem(code="runs.loss_not_finite", sentence="The loss became nan.")), AT, "run_1", 1)
    line = LogLine.model_validate_json(capsys.readouterr().err)
    assert (line.level, line.code) == ("error", "runs.loss_not_finite")


def test_what_only_a_live_display_needs_is_not_logged() -> None:
    assert line_of(Heartbeat(phase="training", step=1, busy=2)) is None
    assert line_of(Progress(what="tokenising", done=1, total=2)) is None
