import time
from pathlib import Path

import pytest

from luthier.domain.adapters import FullSettings
from luthier.domain.jobs import Cancelled, Failed, Finished, HeldOutLoss, Parked, Prepared, Started
from luthier.engine.crash_points import CrashPoints
from luthier.health.checkpoints import sealed_checkpoints
from luthier.kit.clock import SystemClock
from luthier.kit.files import damage_of, sha256_of
from luthier.kit.journal import JournalWriter
from tests.builders.jobs import a_run_folder
from tests.engine.workers import Workers, facts_of, loss_bits, next_attempt

STEPS = 10
SIGKILL = -9
MOMENTS = [
    "prepared:1",
    "before_step:1",
    "after_backward:2",
    "after_update:4",
    "after_step:5",
    "checkpoint_staged:1",
    "checkpoint_staged:2",
    "checkpoint_published:2",
    "checkpoint_pruned:3",
    "after_step:9",
    "trained:1",
    "adapter_staged:1",
    "adapter_published:1",
]


@pytest.fixture(scope="module")
def uninterrupted(tiny_base: Path, tmp_path_factory: pytest.TempPathFactory, workers: Workers) -> Path:
    folder = a_run_folder(tmp_path_factory.mktemp("runs") / "uninterrupted", tiny_base)
    assert workers.run(folder) == 0
    return folder


def held_out_losses(folder: Path) -> dict[int, float]:
    numbers = [int(attempt.name) for attempt in (folder / "attempts").iterdir()]
    facts = [fact for number in numbers for fact in facts_of(folder, number)]
    return {fact.step: fact.loss for fact in facts if isinstance(fact, HeldOutLoss)}


def test_an_uninterrupted_attempt_says_everything_it_did(uninterrupted: Path) -> None:
    facts = facts_of(uninterrupted)
    assert isinstance(facts[0], Started) and facts[0].resumed_from_step == 0
    assert sum(isinstance(fact, Prepared) and fact.total_steps == STEPS for fact in facts) == 1
    assert list(loss_bits(uninterrupted)) == list(range(1, STEPS + 1))
    phases = [fact.phase for fact in facts if fact.kind == "phase"]
    assert phases == ["loading", "preparing", "preflight", "training", "evaluating", "completing"]
    assert isinstance(facts[-1], Finished)
    assert facts[-1].adapter_sha256 == sha256_of(uninterrupted / "adapter" / "adapter_model.safetensors")
    assert damage_of(uninterrupted / "adapter") is None
    assert (uninterrupted / "report" / "answers.json").is_file()


@pytest.mark.parametrize("moment", MOMENTS)
def test_a_run_killed_at_any_moment_goes_on_bit_for_bit(
    moment: str, tiny_base: Path, tmp_path: Path, workers: Workers, uninterrupted: Path
) -> None:
    folder = a_run_folder(tmp_path / "run", tiny_base)
    assert workers.run(folder, crash_at=moment) == SIGKILL
    number = next_attempt(folder)
    assert workers.run(folder, number) == 0
    assert loss_bits(folder) == loss_bits(uninterrupted)
    assert held_out_losses(folder) == held_out_losses(uninterrupted)
    finished, expected = facts_of(folder, number)[-1], facts_of(uninterrupted)[-1]
    assert isinstance(finished, Finished) and isinstance(expected, Finished)
    assert (finished.adapter_sha256, finished.tokens) == (expected.adapter_sha256, expected.tokens)


def test_full_fine_tuning_killed_while_it_saves_ends_with_the_same_model(
    tiny_base: Path, tmp_path: Path, workers: Workers
) -> None:
    """Its last attempt has nothing to train any more; it measures, answers and saves as the first would have."""
    results = []
    for name, moment in (("whole", None), ("killed", "adapter_staged:1")):
        folder = a_run_folder(tmp_path / name, tiny_base, adapter=FullSettings(kind="full"))
        number = 1
        if moment is not None:
            assert workers.run(folder, crash_at=moment) == SIGKILL
            assert not (folder / "model").exists()
            number = next_attempt(folder)
        assert workers.run(folder, number) == 0
        finished = facts_of(folder, number)[-1]
        assert isinstance(finished, Finished) and finished.adapter_folder == "model"
        assert damage_of(folder / "model") is None
        results.append((finished.adapter_sha256, loss_bits(folder), held_out_losses(folder)))
    assert results[0] == results[1]


def test_a_run_killed_again_and_again_still_ends_with_the_same_adapter(
    tiny_base: Path, tmp_path: Path, workers: Workers, uninterrupted: Path
) -> None:
    folder = a_run_folder(tmp_path / "run", tiny_base)
    number = 1
    for moment in ("after_update:4", "before_step:2", "checkpoint_published:1", "after_step:1"):
        assert workers.run(folder, number, crash_at=moment) == SIGKILL
        number = next_attempt(folder)
    assert workers.run(folder, number) == 0
    assert loss_bits(folder) == loss_bits(uninterrupted)


def test_a_damaged_checkpoint_is_passed_over_for_the_one_before_it(
    tiny_base: Path, tmp_path: Path, workers: Workers, uninterrupted: Path
) -> None:
    folder = a_run_folder(tmp_path / "run", tiny_base)
    workers.run(folder, crash_at="after_step:8")
    newest = sealed_checkpoints(folder / "checkpoints")[-1]
    tensors = bytearray((newest / "optimiser.safetensors").read_bytes())
    tensors[len(tensors) // 2] ^= 1
    (newest / "optimiser.safetensors").write_bytes(tensors)
    number = next_attempt(folder)
    assert workers.run(folder, number) == 0
    started = facts_of(folder, number)[0]
    assert isinstance(started, Started) and started.resumed_from_step == 3
    assert loss_bits(folder) == loss_bits(uninterrupted)


def test_a_run_stopped_in_the_middle_parks_at_a_step_boundary_and_goes_on_exactly(
    tiny_base: Path, tmp_path: Path, workers: Workers, uninterrupted: Path
) -> None:
    folder = a_run_folder(tmp_path / "run", tiny_base, checkpoint_every=100)
    process = workers.start(folder)
    while not loss_bits(folder):
        time.sleep(0.01)
    write_wish(folder, "stop")
    process.join()
    parked = facts_of(folder)[-1]
    assert isinstance(parked, Parked) and parked.problem is None and parked.folder is not None
    assert parked.step == max(loss_bits(folder))
    assert damage_of(folder / parked.folder) is None
    assert workers.run(folder, next_attempt(folder)) == 0
    assert loss_bits(folder) == loss_bits(uninterrupted)


def test_a_run_stopped_before_its_first_step_parks_without_a_checkpoint(
    tiny_base: Path, tmp_path: Path, workers: Workers
) -> None:
    folder = a_run_folder(tmp_path / "run", tiny_base)
    write_wish(folder, "stop")
    assert workers.run(folder) == 0
    parked = facts_of(folder)[-1]
    assert isinstance(parked, Parked) and (parked.step, parked.folder) == (0, None)


def test_a_cancelled_run_says_so_and_saves_nothing(tiny_base: Path, tmp_path: Path, workers: Workers) -> None:
    folder = a_run_folder(tmp_path / "run", tiny_base)
    write_wish(folder, "cancel")
    assert workers.run(folder) == 0
    assert isinstance(facts_of(folder)[-1], Cancelled)
    assert not (folder / "checkpoints").exists()


def test_the_system_asking_to_end_is_a_wish_to_stop(tiny_base: Path, tmp_path: Path, workers: Workers) -> None:
    folder = a_run_folder(tmp_path / "run", tiny_base)
    process = workers.start(folder)
    while not loss_bits(folder):
        time.sleep(0.01)
    process.terminate()
    process.join()
    assert isinstance(facts_of(folder)[-1], Parked | Finished)


def write_wish(folder: Path, wish: str) -> None:
    writer = JournalWriter(folder / "attempts" / "001" / "commands.jsonl", SystemClock())
    writer.append(wish, {"token": 1})
    writer.close()


def test_a_checkpoint_of_other_data_is_refused_with_a_sentence(
    tiny_base: Path, tmp_path: Path, workers: Workers
) -> None:
    folder = a_run_folder(tmp_path / "run", tiny_base)
    workers.run(folder, crash_at="after_step:4")
    number = next_attempt(folder)
    job = folder / "attempts" / f"{number:03d}" / "job.json"
    job.write_text(job.read_text().replace("data-1", "data-2"))
    assert workers.run(folder, number) == 1
    failed = facts_of(folder, number)[-1]
    assert isinstance(failed, Failed)
    assert failed.problem.code == "runs.checkpoint_mismatch"
    assert "other data" in failed.problem.sentence


def test_a_full_disk_parks_the_run_with_its_last_checkpoint(
    tiny_base: Path, tmp_path: Path, workers: Workers, uninterrupted: Path
) -> None:
    folder = a_run_folder(tmp_path / "run", tiny_base)
    largest = max(path.stat().st_size for path in (uninterrupted / "checkpoints").rglob("*"))
    assert workers.run(folder, file_size_limit=largest - 1) == 0
    parked = facts_of(folder)[-1]
    assert isinstance(parked, Parked) and parked.problem is not None
    assert parked.problem.code == "disk.full"
    assert workers.run(folder, next_attempt(folder)) == 0
    assert loss_bits(folder) == loss_bits(uninterrupted)


def test_a_journal_that_cannot_be_written_ends_the_worker_with_its_own_exit_code(
    tiny_base: Path, tmp_path: Path, workers: Workers
) -> None:
    folder = a_run_folder(tmp_path / "run", tiny_base)
    assert workers.run(folder, file_size_limit=600) == 74


def test_an_unknown_crash_point_is_refused() -> None:
    with pytest.raises(ValueError, match="no crash point"):
        CrashPoints("somewhere:1")
