"""Several processes that divide a step, against one that takes it alone."""

import os
import signal
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import psutil
import pytest
import safetensors.torch
import torch

from luthier.domain.adapters import FullSettings, LoraSettings
from luthier.domain.health import AnomalyKind
from luthier.domain.jobs import Failed, Step
from luthier.domain.recipes import HealthSpec
from luthier.engine.checkpoints import TrainingState
from luthier.engine.group import Alone, Share, together
from luthier.engine.loop import Bench, train
from luthier.engine.objective import Gathered
from luthier.engine.vigil import Unwell
from luthier.health.checkpoints import newest_intact
from luthier.kit.files import read_json, write_json
from tests.builders.jobs import a_run_folder
from tests.engine.workers import Workers, facts_of, loss_bits, next_attempt

EXACT: dict[str, Any] = {"precision": "fp32", "adapter": LoraSettings(rank=4, alpha=8), "learning_rate": 1e-3}
SIGKILL = -9


def steps_of(folder: Path, number: int = 1) -> dict[int, Step]:
    return {fact.step: fact for fact in facts_of(folder, number) if isinstance(fact, Step)}


def result_of(folder: Path) -> dict[str, torch.Tensor]:
    found = next(folder.glob("adapter/adapter_model.safetensors"), folder / "model" / "model.safetensors")
    return safetensors.torch.load_file(found)


def differ_by(one: Path, other: Path) -> float:
    first, second = result_of(one), result_of(other)
    assert first.keys() == second.keys()
    return max(float((first[name] - second[name]).abs().max()) for name in first)


@pytest.mark.parametrize(("method", "adapter"), [("dpo", EXACT["adapter"]), ("sft", FullSettings(kind="full"))])
def test_two_processes_train_what_one_trains(
    tiny_base: Path, tmp_path: Path, workers: Workers, method: str, adapter: Any
) -> None:
    """Silent killer: shares whose means count alike, however few answers they hold."""
    folders = {}
    for count in (1, 2):
        changes = {**EXACT, "adapter": adapter, "method": method, "processes": count, "learning_rate": 1e-4}
        folders[count] = a_run_folder(tmp_path / f"of-{count}", tiny_base, max_steps=6, examples=18, **changes)
        assert workers.run(folders[count]) == 0
    one, two = (steps_of(folders[count]) for count in (1, 2))
    assert list(one) == list(two) == list(range(1, 7))
    closely = 1e-6 if method == "sft" else 1e-5  # a pair's loss is what is left of sums a hundred times as large
    assert [step.loss for step in two.values()] == pytest.approx([step.loss for step in one.values()], rel=closely)
    assert [step.gradient_norm for step in two.values()] == pytest.approx(
        [step.gradient_norm for step in one.values()], rel=1e-5
    )
    for name in ("tokens", "supervised_tokens"):
        assert [getattr(step, name) for step in two.values()] == [getattr(step, name) for step in one.values()]
    assert [step.figures for step in two.values()] == [
        pytest.approx(step.figures, rel=1e-4, abs=2e-6) for step in one.values()
    ]
    assert differ_by(folders[1], folders[2]) < 1e-5


class InLargeCompany(Alone):
    """One that computes alone, as if beside processes that hold a terabyte."""

    def __init__(self) -> None:
        super().__init__()
        self.others_peak_bytes = 10**12


def test_memory_is_watched_as_the_sum_of_all_processes(bench_for: Callable[..., Bench]) -> None:
    """Silent killer: a leader that looks at itself alone until the system ends the whole group."""
    bench = bench_for(memory_bytes=10**12, max_steps=2, held_out=0, health=HealthSpec(policy="ask"))
    assert train(bench, TrainingState()).step == 2
    with pytest.raises(Unwell) as caught:
        train(replace(bench, group=InLargeCompany()), TrainingState())
    assert caught.value.anomaly.kind is AnomalyKind.MEMORY_HIGH


def followers_of(pid: int) -> list[psutil.Process]:
    """The processes that a leader has started."""
    return [each for each in psutil.Process(pid).children() if "--follow" in each.cmdline()]


def test_a_group_that_loses_a_process_ends_and_goes_on_bit_for_bit(
    tiny_base: Path, tmp_path: Path, workers: Workers
) -> None:
    folder, whole = tmp_path / "killed", tmp_path / "whole"
    changes = {**EXACT, "adapter": LoraSettings(rank=4, alpha=8, dropout=0.1), "processes": 2, "epochs": 30}
    a_run_folder(whole, tiny_base, **{**changes, "max_steps": 40})
    assert workers.run(whole) == 0
    a_run_folder(folder, tiny_base, **{**changes, "max_steps": 40})
    process = workers.start(folder)
    while newest_intact(folder / "checkpoints") is None:
        time.sleep(0.01)
    assert process.pid is not None
    (follower,) = followers_of(process.pid)
    follower.send_signal(signal.SIGKILL)
    process.join(30)
    assert process.exitcode == SIGKILL
    assert not isinstance(facts_of(folder)[-1], Failed)

    number = next_attempt(folder)
    assert workers.run(folder, number) == 0
    assert loss_bits(folder) == loss_bits(whole)
    assert differ_by(folder, whole) == 0.0


def test_what_two_processes_began_one_goes_on_with(tiny_base: Path, tmp_path: Path, workers: Workers) -> None:
    folder, alone = tmp_path / "changed", tmp_path / "alone"
    a_run_folder(alone, tiny_base, **EXACT)
    assert workers.run(alone) == 0
    a_run_folder(folder, tiny_base, **EXACT, processes=2)
    assert workers.run(folder, crash_at="after_step:7") == SIGKILL
    number = next_attempt(folder)
    job = folder / "attempts" / f"{number:03d}" / "job.json"
    asked = read_json(job)
    assert asked["settings"]["processes"] == 2
    asked["settings"]["processes"] = 1
    write_json(job, asked)
    assert workers.run(folder, number) == 0
    steps = {**steps_of(folder), **steps_of(folder, number)}
    expected = steps_of(alone)
    assert min(steps_of(folder, number)) > 1
    assert [steps[step].loss for step in expected] == pytest.approx([each.loss for each in expected.values()], rel=1e-6)
    said = [fact.sentence for fact in facts_of(folder, number) if fact.kind == "alert"]
    assert any("other processes than before" in sentence for sentence in said)
    assert differ_by(folder, alone) < 1e-5


def test_the_others_end_when_their_leader_is_killed(tiny_base: Path, tmp_path: Path, workers: Workers) -> None:
    folder = a_run_folder(tmp_path / "run", tiny_base, **EXACT, processes=2, epochs=50)
    process = workers.start(folder)
    assert process.pid is not None
    while not loss_bits(folder):
        time.sleep(0.01)
    others = followers_of(process.pid)
    os.kill(process.pid, signal.SIGKILL)
    process.join()
    assert len(others) == 1
    _, alive = psutil.wait_procs(others, timeout=30)
    assert alive == []


def test_shares_count_by_what_they_hold() -> None:
    shares = [Share(Gathered(2.0, 10, 6, {"margin": 1.0}), 6.0), Share(Gathered(8.0, 5, 2, {"margin": 5.0}), 2.0)]
    whole = together([*shares, Share(Gathered(0.0, 0, 0), 0.0)])
    assert (whole.loss, whole.tokens, whole.supervised, whole.figures) == (3.5, 15, 8, {"margin": 2.0})
