"""What a worker says becomes the run's state, metrics and history, each exactly once."""

from pathlib import Path

import pytest

from luthier.domain.errors import Problem
from luthier.domain.jobs import (
    CheckpointSaved,
    Fact,
    Failed,
    Finished,
    HeldOutLoss,
    Parked,
    Phase,
    Prepared,
    Progress,
    Sample,
    Started,
    Step,
)
from luthier.domain.run_states import RunState
from luthier.domain.runs import Run
from luthier.kit.clock import rfc3339
from luthier.kit.journal import Record
from luthier.services.run_facts import FactFolder
from luthier.store import Store
from tests.builders import a_dataset, a_moment, a_run


def a_step(number: int, **changes: object) -> Step:
    values = {
        "step": number,
        "epoch": number / 10,
        "loss": 1.0 / number,
        "loss_bits": (1.0 / number).hex(),
        "learning_rate": 1e-3,
        "gradient_norm": 0.5,
        "tokens": 800,
        "supervised_tokens": 300,
        "seconds": 2.0,
        "rss_bytes": 1_000_000_000 + number,
    }
    return Step.model_validate(values | changes)


def told(store: Store, run: Run, *facts: Fact, folder: FactFolder | None = None) -> Run:
    records = [
        Record(seq, rfc3339(a_moment(100 + seq)), fact.kind, fact.model_dump(mode="json", exclude={"kind"}))
        for seq, fact in enumerate(facts, 1)
    ]
    with store.writing() as tx:
        return (folder or FactFolder(Path("/runs/x"))).apply(tx, run, records)


@pytest.fixture
def run(store: Store) -> Run:
    run = a_run(state=RunState.PREPARING, dataset_id="ds_1", attempt=1, token=1)
    with store.writing() as tx:
        tx.datasets.add(a_dataset(dataset_id="ds_1"))
        tx.runs.add(run)
    return run


def stored(store: Store, run: Run) -> Run:
    with store.reading() as tx:
        return tx.runs.find(run.run_id)


def test_a_whole_attempt_leads_to_completing(store: Store, run: Run) -> None:
    finished = Finished(
        adapter_folder="adapter",
        adapter_sha256="ab",
        answers_file="report/answers.json",
        tokens=1600,
        training_seconds=4.0,
        peak_rss_bytes=5,
    )
    started = Started(attempt=1, token=1, pid=1, resumed_from_step=0, versions={}, threads=2)
    after = told(
        store,
        run,
        started,
        Phase(phase="loading"),
        Phase(phase="training"),
        a_step(1),
        a_step(2),
        Phase(phase="evaluating"),
        Phase(phase="completing"),
        finished,
    )
    assert after.state is RunState.COMPLETING
    assert after == stored(store, run)
    assert after.step == 2
    assert after.loss == 0.5
    assert after.adapter_sha256 == "ab"


def test_metrics_keep_full_precision_and_a_repeated_step_replaces_itself(store: Store, run: Run) -> None:
    loss = 0.1 + 0.2
    told(store, run, Phase(phase="training"), a_step(7, loss=9.0), a_step(7, loss=loss))
    with store.reading() as tx:
        points = tx.metrics.list(run.run_id, names=("loss",))
    assert [(point.step, point.value.hex()) for point in points] == [(7, loss.hex())]


def test_the_time_left_is_a_range_around_the_recent_pace(store: Store, run: Run) -> None:
    told(store, run, Prepared(**prepared(total_steps=12)), Phase(phase="training"), a_step(1), a_step(2))
    with store.reading() as tx:
        low, high = tx.events.after(0, kinds=("run.step",))[-1].body["seconds_left"]
    assert low < 10 * 2.0 < high


def prepared(**changes: int) -> dict[str, int]:
    names = ("examples", "held_out", "dropped_overlong", "tokens_per_epoch", "supervised_tokens_per_epoch")
    return {**dict.fromkeys(names, 1), "total_steps": 1, "trainable_parameters": 1, **changes}


def test_the_base_models_held_out_loss_is_a_point_at_step_zero(store: Store, run: Run) -> None:
    told(store, run, HeldOutLoss(step=0, loss=2.5, tokens=10))
    with store.reading() as tx:
        assert [(point.step, point.value) for point in tx.metrics.list(run.run_id)] == [(0, 2.5)]


def test_a_wish_to_stop_is_not_undone_by_a_fact_that_was_under_way(store: Store, run: Run) -> None:
    pausing = run.model_copy(update={"state": RunState.PAUSING})
    after = told(store, pausing, Phase(phase="training"), a_step(3))
    assert after.state is RunState.PAUSING
    assert after.step == 3


def test_parking_keeps_the_reason(store: Store, run: Run) -> None:
    full = Problem(code="disk.full", sentence="There is no space left.")
    after = told(store, run, Phase(phase="training"), Parked(step=4, folder="checkpoints/step-000004", problem=full))
    assert after.state is RunState.PAUSED
    assert after.problem == full


def test_a_failure_keeps_its_problem_and_ends_the_run(store: Store, run: Run) -> None:
    problem = Problem(code="preflight.eos_masked", sentence="The end of every answer is masked.")
    after = told(store, run, Failed(problem=problem))
    assert (after.state, after.problem) == (RunState.FAILED, problem)
    assert after.finished_at is not None


def test_a_checkpoint_is_listed_while_its_folder_is_there(store: Store, run: Run, tmp_path: Path) -> None:
    def saved(step: int) -> CheckpointSaved:
        return CheckpointSaved(step=step, folder=f"step-{step}", bytes=10, seconds=0.1, why="interval")

    folder = FactFolder(tmp_path)
    (tmp_path / "step-1").mkdir()
    told(store, run, saved(1), folder=folder)
    (tmp_path / "step-1").rmdir()
    (tmp_path / "step-2").mkdir()
    told(store, run, saved(2), folder=folder)
    with store.reading() as tx:
        assert [checkpoint.step for checkpoint in tx.checkpoints.list(run.run_id)] == [2]


def test_progress_and_samples_reach_the_history(store: Store, run: Run) -> None:
    after = told(
        store,
        run,
        Phase(phase="preparing"),
        Progress(what="tokenising", done=3, total=9),
        Sample(prompt="p", expected="e", base="b", tuned="t"),
    )
    assert (after.progress_done, after.progress_total) == (3, 9)
    with store.reading() as tx:
        kinds = [event.kind for event in tx.events.after(0, run_id=run.run_id)]
    assert kinds == ["run.progress", "run.progress", "run.sample"]
