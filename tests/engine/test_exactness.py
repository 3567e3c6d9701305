"""Exactness over method, adapter and accumulation: a run that goes on from a checkpoint repeats every bit.

What each adapter, precision and start does besides is in test_resume_exactly; being killed, in test_kill_and_resume.
"""

from collections.abc import Callable
from itertools import product

import pytest
import torch

from luthier.engine.checkpoints import TrainingState, restore
from luthier.engine.loop import Bench, train
from tests.engine.kinds import job_for
from tests.engine.workers import loss_bits

BenchFor = Callable[..., Bench]
WHOLE, IN_PARTS = 4096, 64  # tokens of a pass: all examples of a step packed into one row, or several passes
CELLS = list(product(["sft", "dpo", "kto", "reward", "grpo"], ["lora", "dora", "full"], [WHOLE, IN_PARTS]))
SHORT = {"max_steps": 3, "checkpoint_every": 1, "keep_checkpoints": 5, "examples": 12, "held_out": 0}
DRAWN = {"group_size": 4, "answer_tokens": 8}


def begun(bench: Bench) -> Bench:
    bench.objective.begin(bench.job.settings.micro_batch_tokens, bench.channel)
    return bench


@pytest.mark.parametrize(("method", "kind", "pass_tokens"), CELLS)
def test_going_on_from_a_checkpoint_repeats_every_bit(
    method: str, kind: str, pass_tokens: int, bench_for: BenchFor
) -> None:
    job = job_for(kind, micro_batch_tokens=pass_tokens, learning_rate=1e-2, weight_decay=0.1, **SHORT, **DRAWN)
    whole = begun(bench_for("whole", method=method, **job))
    train(whole, TrainingState())
    resumed = begun(bench_for("resumed", method=method, **job))
    folder = whole.run_folder / "checkpoints" / "step-000001"
    train(resumed, restore(folder, resumed.job, resumed.trained, resumed.optimiser, pytest.fail))
    bits, again = loss_bits(whole.run_folder), loss_bits(resumed.run_folder)
    assert again == {step: bits[step] for step in (2, 3)}
    assert torch.equal(resumed.trained.parameters.values, whole.trained.parameters.values)
