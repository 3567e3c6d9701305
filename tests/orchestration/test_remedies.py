"""Each remedy saves a real run of a tiny model, from the planted fault through the store to its result."""

from collections.abc import Iterator
from pathlib import Path

import pytest
import torch

from luthier.domain.health import AnomalyKind, NothingToRemedy, RemedyName, RemedyNotOffered
from luthier.domain.recipes import HealthSpec
from luthier.domain.run_states import RunState
from luthier.engine.crash_points import CrashPoints, Moment
from luthier.engine.worker import run_attempt
from luthier.health.checkpoints import sealed_checkpoints
from luthier.kit.clock import SystemClock
from luthier.kit.journal import JournalWriter
from luthier.services.reindexing import reindex
from luthier.settings import Settings
from tests.builders.jobs import WORDS
from tests.builders.models import a_model_folder
from tests.orchestration.in_process import (
    BROKEN_LETTER,
    FAR_TOO_FAST,
    Attempt,
    Workshop,
    a_broken_base,
    a_tuned_base,
)
from tests.services.documents import documents

ASK, AUTOMATIC, OFF = HealthSpec(policy="ask"), HealthSpec(policy="automatic"), HealthSpec(policy="off")


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return a_model_folder(tmp_path_factory.mktemp("bases") / "sound")


@pytest.fixture(scope="module")
def broken_base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return a_broken_base(tmp_path_factory.mktemp("bases") / "broken")


@pytest.fixture(scope="module")
def tuned_base(base: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return a_tuned_base(tmp_path_factory.mktemp("bases") / "tuned", base)


@pytest.fixture
def workshop(tmp_path: Path) -> Iterator[Workshop]:
    torch.set_num_threads(1)
    workshop = Workshop(tmp_path / "home")
    yield workshop
    workshop.close()


def test_rows_that_break_the_loss_are_found_left_out_and_named(workshop: Workshop, broken_base: Path) -> None:
    broken_rows = {row for row in range(1, 41) if BROKEN_LETTER in WORDS[row % len(WORDS)]}
    run = workshop.work(workshop.queue(broken_base, HealthSpec(policy="automatic", attempts=10), max_steps=20))
    assert run.state is RunState.COMPLETED, run.problem
    assert {remedy.remedy for remedy in run.remedies} == {RemedyName.SKIP_BATCH}
    assert {row for remedy in run.remedies for row in remedy.rows} == broken_rows
    left_out = workshop.events(run, "run.rows_left_out")
    assert {row for event in left_out for row in event.body["rows"]} == broken_rows
    assert {event.body["after_step"] for event in workshop.events(run, "run.remedy")} <= {0, 5, 10, 15}


def test_a_loss_that_explodes_under_a_rate_that_is_far_too_high_is_brought_down_again(
    workshop: Workshop, tuned_base: Path
) -> None:
    run = workshop.work(workshop.queue(tuned_base, AUTOMATIC, **FAR_TOO_FAST))
    assert run.state is RunState.COMPLETED, run.problem
    assert AnomalyKind.DIVERGENCE in {remedy.anomaly for remedy in run.remedies}
    lowered = next(remedy for remedy in run.remedies if remedy.remedy is RemedyName.LOWER_RATE)
    assert lowered.after["learning_rate"] == pytest.approx(lowered.before["learning_rate"] / 3)
    alert = next(alert for alert in workshop.workspace.runs.alerts(run.run_id) if lowered.answers(alert.anomaly))
    assert alert.causes and alert.anomaly and alert.anomaly.evidence and len(alert.anomaly.evidence.points) > 10
    assert run.loss is not None and run.loss < 0.5 * max(point.value for point in alert.anomaly.evidence.points)


def test_asked_for_the_run_rests_with_its_remedies_and_goes_on_under_the_chosen_one(
    workshop: Workshop, broken_base: Path
) -> None:
    runs = workshop.workspace.runs
    run = workshop.work(workshop.queue(broken_base, ASK, max_steps=12, examples=9))
    assert (run.state, run.remedies) == (RunState.PAUSED, ())
    assert run.problem is not None and "Row 7 alone" in run.problem.sentence
    assert runs.offers(run.run_id)[0].remedy is RemedyName.SKIP_BATCH
    with pytest.raises(RemedyNotOffered, match="skip_batch, lower_rate"):
        runs.remedy(run.run_id, RemedyName.HALVE_MICRO_BATCH)
    run = workshop.work(runs.remedy(run.run_id, RemedyName.SKIP_BATCH))
    assert run.state is RunState.COMPLETED, run.problem
    assert [(each.rows, each.author) for each in run.remedies] == [((7,), "user")]
    with pytest.raises(NothingToRemedy):
        runs.remedy(run.run_id, RemedyName.SKIP_BATCH)


def test_without_health_nothing_is_watched_and_nothing_is_repaired(workshop: Workshop, broken_base: Path) -> None:
    run = workshop.work(workshop.queue(broken_base, OFF, max_steps=12, examples=9))
    assert run.state is RunState.FAILED
    assert run.problem is not None and run.problem.code == "runs.loss_not_finite"
    assert not run.remedies and not workshop.workspace.runs.alerts(run.run_id)


def test_when_the_limit_is_reached_the_run_fails_with_what_was_tried(workshop: Workshop, broken_base: Path) -> None:
    run = workshop.work(workshop.queue(broken_base, HealthSpec(policy="automatic", attempts=1), max_steps=20))
    assert run.state is RunState.FAILED
    assert run.problem is not None and run.problem.code == "runs.remedies_exhausted"
    assert "1 of 1 allowed remedies have been tried" in run.problem.sentence
    assert len(run.remedies) == 1 and workshop.workspace.runs.offers(run.run_id)


def test_memory_above_its_limit_is_answered_with_smaller_passes_until_none_are_left(
    workshop: Workshop, base: Path
) -> None:
    run = workshop.work(workshop.queue(base, AUTOMATIC, memory_bytes=1, max_steps=6))
    assert [each.after for each in run.remedies] == [{"micro_batch_tokens": 128}, {"micro_batch_tokens": 64}]
    assert run.state is RunState.FAILED, "64 tokens are the fewest of a pass"


def test_what_a_person_has_accepted_stops_the_run_no_more(workshop: Workshop, base: Path) -> None:
    run = workshop.work(workshop.queue(base, ASK, memory_bytes=1, max_steps=6))
    assert (run.state, run.anomaly and run.anomaly.kind) == (RunState.PAUSED, AnomalyKind.MEMORY_HIGH)
    run = workshop.work(workshop.workspace.runs.remedy(run.run_id, RemedyName.GO_ON))
    assert run.state is RunState.COMPLETED, run.problem


class Starved(CrashPoints):
    """Stands where a pass would allocate: the sixth finds no memory."""

    passes = 0

    def reach(self, moment: Moment) -> None:
        if moment == "after_backward":  # the checkpoint's thread reaches moments too, and goes on
            self.passes += 1
            if self.passes == 6:
                raise MemoryError


def starve(run_folder: Path, number: int) -> bool:
    run_attempt(run_folder, number, Starved())
    return False


def be_killed_for_memory(run_folder: Path, number: int) -> bool:
    """What the journal says of a worker that the kernel has ended while it trained."""
    journal = JournalWriter(run_folder / "attempts" / f"{number:03d}" / "journal.jsonl", SystemClock())
    began = {"attempt": number, "token": 1, "pid": 1, "resumed_from_step": 0, "versions": {}, "threads": 1}
    journal.append("started", began)
    journal.append("phase", {"phase": "training"})
    journal.close()
    return True


@pytest.mark.parametrize("end", [starve, be_killed_for_memory])
def test_a_worker_without_memory_goes_on_with_half_the_tokens_in_a_pass(
    workshop: Workshop, base: Path, end: Attempt
) -> None:
    run = workshop.work(workshop.queue(base, AUTOMATIC, max_steps=8), first=end)
    assert run.state is RunState.COMPLETED, run.problem
    (remedy,) = run.remedies
    assert (remedy.remedy, remedy.anomaly) == (RemedyName.HALVE_MICRO_BATCH, AnomalyKind.OUT_OF_MEMORY)
    assert (remedy.before, remedy.after) == ({"micro_batch_tokens": 256}, {"micro_batch_tokens": 128})
    assert remedy.after_step == (5 if end is starve else 0)


def test_a_database_that_is_lost_comes_back_with_every_remedy_and_costs_no_checkpoint(
    tmp_path: Path, broken_base: Path
) -> None:
    torch.set_num_threads(1)
    workshop = Workshop(tmp_path / "lost")
    run = workshop.work(workshop.queue(broken_base, AUTOMATIC, max_steps=12, examples=9))
    folders = workshop.workspace.folders
    kept = sealed_checkpoints(folders.run(run.run_id).checkpoints)
    workshop.close()
    before = documents(folders.database)
    for part in folders.root.glob("luthier.db*"):
        part.unlink()
    reindex(Settings(home=tmp_path / "lost"), SystemClock(), lambda progress: None)
    after = documents(folders.database)
    assert len(after["runs"][0].remedies) == 1
    assert after["runs"] == before["runs"]
    assert after["events"] == before["events"]
    assert sealed_checkpoints(folders.run(run.run_id).checkpoints) == kept
