"""Processes that divide the model among them, against one that holds it alone."""

from pathlib import Path
from typing import Any

import pytest

from luthier.domain.adapters import FullSettings, LoraSettings
from tests.builders.jobs import a_run_folder
from tests.engine.test_group import SIGKILL, differ_by, steps_of
from tests.engine.workers import Workers, facts_of, loss_bits, next_attempt

EXACT: dict[str, Any] = {"precision": "fp32", "kernels": "reference", "learning_rate": 1e-3, "max_steps": 7}
SHARDED: dict[str, Any] = {"processes": 2, "parallelism": "fsdp"}
ADAPTERS: dict[str, Any] = {"lora": LoraSettings(rank=4, alpha=8), "full": FullSettings(kind="full")}


@pytest.mark.parametrize("kind", sorted(ADAPTERS))
def test_two_processes_that_hold_half_the_layers_train_what_one_trains(
    tiny_base: Path, tmp_path: Path, workers: Workers, kind: str
) -> None:
    changes = {**EXACT, "adapter": ADAPTERS[kind], "examples": 18}
    alone = a_run_folder(tmp_path / "alone", tiny_base, **changes)
    together = a_run_folder(tmp_path / "together", tiny_base, **changes, **SHARDED)
    assert [workers.run(alone), workers.run(together)] == [0, 0]
    one, two = steps_of(alone), steps_of(together)
    assert list(one) == list(two) == list(range(1, 8))
    for name in ("loss", "gradient_norm"):
        expected = [getattr(step, name) for step in one.values()]
        assert [getattr(step, name) for step in two.values()] == pytest.approx(expected, rel=1e-5)
    assert [step.supervised_tokens for step in two.values()] == [step.supervised_tokens for step in one.values()]
    measured = [[fact.loss for fact in facts_of(each) if fact.kind == "held_out_loss"] for each in (alone, together)]
    assert measured[1] == pytest.approx(measured[0], rel=1e-5)
    assert differ_by(alone, together) < 1e-5


def test_a_divided_run_goes_on_from_its_checkpoint_bit_for_bit(
    tiny_base: Path, tmp_path: Path, workers: Workers
) -> None:
    """Silent killer: values of a checkpoint that reach only the process that reads it."""
    changes = {**EXACT, "adapter": ADAPTERS["full"], "precision": "bf16", **SHARDED}
    whole, killed = (a_run_folder(tmp_path / name, tiny_base, **changes) for name in ("whole", "killed"))
    assert workers.run(whole) == 0
    assert workers.run(killed, crash_at="after_step:5") == SIGKILL
    number = next_attempt(killed)
    assert workers.run(killed, number) == 0
    assert min(steps_of(killed, number)) > 1
    assert loss_bits(killed) == loss_bits(whole)
    assert differ_by(killed, whole) == 0.0
