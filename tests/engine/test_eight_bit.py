import subprocess
import sys
from collections.abc import Callable

import pytest
import torch

from luthier.engine.checkpoints import TrainingState, checkpoint_bytes, restore
from luthier.engine.flat_parameters import FlatParameters
from luthier.engine.loop import Bench, train
from luthier.engine.optimiser import Optimiser
from tests.builders.plans import training_settings
from tests.engine.kinds import job_for
from tests.engine.workers import facts_of, loss_bits

BenchFor = Callable[..., Bench]


def losses(bench: Bench) -> list[float]:
    train(bench, TrainingState())
    return [fact.loss for fact in facts_of(bench.run_folder) if fact.kind == "step"]


def a_model(sizes: dict[str, int]) -> dict[str, torch.nn.Parameter]:
    torch.manual_seed(1)
    return {name: torch.nn.Parameter(torch.randn(size)) for name, size in sizes.items()}


@pytest.mark.parametrize("kind", ["lora", "full"])
def test_it_learns_as_adamw_learns(kind: str, bench_for: BenchFor) -> None:
    job = job_for(kind, max_steps=20, learning_rate=1e-2 if kind == "lora" else 1e-3, held_out=0)
    exact = losses(bench_for("exact", **job))
    eight = losses(bench_for("eight", optimiser="adamw_8bit", **job))
    assert eight[0] == exact[0]
    assert eight == pytest.approx(exact, rel=0.03)
    assert eight[-1] < 0.9 * eight[0]


def test_moments_take_two_bytes_for_each_trained_value_and_a_scale_for_every_256() -> None:
    named = a_model({"a": 100 * 256, "b": 1000})
    optimiser = Optimiser(FlatParameters(named), training_settings(optimiser="adamw_8bit"), total_steps=4)
    optimiser.update(1, optimiser.gradient_norm(), training_settings())
    moments = optimiser.moments()
    assert sum(each.nbytes for each in moments.values()) == 2 * (26_600 + 4 * (100 + 4)) + 8


@pytest.mark.parametrize(("kind", "optimiser"), [("lora", "adamw"), ("lora", "adamw_8bit"), ("adalora", "adamw")])
def test_a_checkpoint_is_foreseen_as_large_as_it_becomes(kind: str, optimiser: str, bench_for: BenchFor) -> None:
    """Silent killer: a disk that fills up because AdaLoRA keeps more of each value than AdamW does."""
    bench = bench_for(**job_for(kind, max_steps=1, optimiser=optimiser, held_out=0))
    foreseen = checkpoint_bytes(bench.trained, bench.optimiser)
    train(bench, TrainingState())
    folder = bench.run_folder / "checkpoints" / "step-000001"
    written = sum(path.stat().st_size for path in folder.glob("*.safetensors"))
    assert foreseen == pytest.approx(written, rel=0.2)


def test_without_bitsandbytes_the_command_that_installs_it_is_said() -> None:
    program = """
import sys
sys.modules["bitsandbytes"] = None  # as Python marks what cannot be imported
import torch
from luthier.domain.errors import LuthierError
from luthier.engine.flat_parameters import FlatParameters
from luthier.engine.optimiser import Optimiser
from tests.builders.plans import training_settings
flat = FlatParameters({"a": torch.nn.Parameter(torch.zeros(4))})
try:
    Optimiser(flat, training_settings(optimiser="adamw_8bit"), total_steps=1)
except LuthierError as error:
    print(error.problem.code, error.problem.actions[0].command)
"""
    said = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout
    assert said == "recipes.eight_bit_missing pip install 'luthier[quant]'\n"


def test_small_gradients_beside_large_ones_keep_their_measure() -> None:
    """Silent killer: beside large squares small ones round to nothing, and the step is divided by epsilon."""
    named = a_model({"large": 100, "small": 100})
    flat = FlatParameters(named)
    settings = training_settings(optimiser="adamw_8bit", learning_rate=1e-3, warmup_ratio=0.0, max_gradient_norm=1e9)
    optimiser, before = Optimiser(flat, settings, total_steps=100), named["small"].detach().clone()
    for step in range(1, 4):
        gradients = flat.views(flat.gradients)
        gradients["large"].normal_(std=100.0)
        gradients["small"].fill_(1e-3)
        optimiser.update(step, optimiser.gradient_norm(), settings)
    torch.testing.assert_close(before - named["small"], torch.full((100,), 3e-3), atol=3e-4, rtol=0)


@pytest.mark.parametrize("kind", ["lora+", "full"])
def test_going_on_from_a_checkpoint_repeats_every_bit(kind: str, bench_for: BenchFor) -> None:
    job = job_for(kind, max_steps=5, learning_rate=1e-2, weight_decay=0.1, held_out=0, optimiser="adamw_8bit")
    every = {"checkpoint_every": 1, "keep_checkpoints": 9}
    whole, resumed = (bench_for(name, **job, **every) for name in ("whole", "resumed"))
    train(whole, TrainingState())
    folder = whole.run_folder / "checkpoints" / "step-000002"
    train(resumed, restore(folder, resumed.job, resumed.trained, resumed.optimiser, pytest.fail))
    bits = loss_bits(whole.run_folder)
    assert loss_bits(resumed.run_folder) == {step: bits[step] for step in (3, 4, 5)}
    assert torch.equal(resumed.trained.parameters.values, whole.trained.parameters.values)
