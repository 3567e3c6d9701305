import json
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from peft import AdaLoraConfig, get_peft_model
from peft.tuners.adalora import RankAllocator as PeftAllocator
from peft.tuners.adalora import SVDLinear
from pydantic import ValidationError

from luthier.domain.adapters import AdaLoraSettings
from luthier.engine.adalora import RankAllocator, draw_to_orthogonality
from luthier.engine.checkpoints import TrainingState, restore
from luthier.engine.flat_parameters import FlatParameters
from luthier.engine.loading import load_base
from luthier.engine.loop import Bench, train
from tests.engine.kinds import job_for
from tests.engine.workers import loss_bits

BenchFor = Callable[..., Bench]
SETTINGS = AdaLoraSettings(kind="adalora", rank=2, first_rank=4, alpha=8, spread_share=0.1, settled_share=0.3)
STEPS = 20


def peft_model(folder: Path):
    """With E away from zero, where each triplet counts."""
    torch.manual_seed(3)
    model = load_base(folder, "fp32").model
    config = AdaLoraConfig(
        init_r=4, target_r=2, lora_alpha=8, target_modules=["q_proj", "down_proj"], total_step=STEPS, tinit=2, tfinal=6
    )
    adapted = get_peft_model(model, config)
    for name, each in adapted.named_parameters():
        if ".lora_E." in name:
            each.data.normal_()
    return adapted, config


def trained_of(adapted) -> dict[str, torch.nn.Parameter]:
    return {name: each for name, each in adapted.named_parameters() if each.requires_grad}


def kept_of(parameters: FlatParameters) -> int:
    views = parameters.views(parameters.values)
    return sum(int(each.count_nonzero()) for name, each in views.items() if ".lora_E." in name)


def test_ranks_are_cut_as_pefts_own_allocator_cuts_them(tiny_base: Path) -> None:
    theirs, config = peft_model(tiny_base)
    ours, _ = peft_model(tiny_base)
    peft_allocator = PeftAllocator(theirs, config, "default")
    parameters = FlatParameters(trained_of(ours))
    allocator = RankAllocator(parameters, SETTINGS, STEPS)
    budgets = []
    for step in range(1, STEPS - 6):
        generator = torch.Generator().manual_seed(step)
        mine = parameters.views(parameters.gradients)
        for name, each in sorted(trained_of(theirs).items()):
            each.grad = torch.randn(each.shape, generator=generator)
            mine[name].copy_(each.grad)
        peft_allocator.update_and_allocate(theirs, step)
        allocator.after_update(step)
        budgets.append(allocator.budget(step))
        for name, each in trained_of(theirs).items():
            assert torch.equal(parameters.views(parameters.values)[name], each.data), (step, name)
    assert budgets[0] == 4 * 4 > budgets[-1] >= 4 * 2
    assert budgets == sorted(budgets, reverse=True)


def test_factors_are_drawn_to_right_angles_with_the_gradient_of_pefts_penalty(tiny_base: Path) -> None:
    adapted, _ = peft_model(tiny_base)
    named = trained_of(adapted)
    factors = [each for name, each in named.items() if ".lora_A." in name or ".lora_B." in name]
    gram = [each @ each.t() if each.shape[0] == 4 else each.t() @ each for each in factors]
    penalty = 0.5 * sum(torch.linalg.norm(each - torch.eye(4)) for each in gram) / len(factors)
    wanted = dict(zip(named, torch.autograd.grad(penalty, list(named.values()), allow_unused=True), strict=True))
    parameters = FlatParameters(named)
    draw_to_orthogonality(parameters, 0.5)
    for name, gradient in parameters.views(parameters.gradients).items():
        expected = torch.zeros_like(gradient) if wanted[name] is None else wanted[name]
        torch.testing.assert_close(gradient, expected, atol=1e-6, rtol=1e-4)


def test_a_run_ends_with_the_ranks_that_were_asked_for_and_saves_them_as_lora(
    bench_for: BenchFor, tmp_path: Path
) -> None:
    bench = bench_for(**{**job_for("adalora", max_steps=10, learning_rate=3e-2, held_out=0), "adapter": SETTINGS})
    layers = sum(isinstance(each, SVDLinear) for each in bench.base.model.modules())
    train(bench, TrainingState())
    assert kept_of(bench.trained.parameters) == 2 * layers
    bench.trained.write(tmp_path, "tiny", "revision-1")
    config = json.loads((tmp_path / "adapter_config.json").read_text())
    assert (config["peft_type"], config["lora_alpha"]) == ("LORA", pytest.approx(2.0 * config["r"], rel=1e-4))
    assert 2 <= config["r"] <= 4


def test_going_on_while_ranks_fall_repeats_every_bit(bench_for: BenchFor) -> None:
    """Silent killer: importance begun anew at each resumption gives the ranks to other layers."""
    job = job_for("adalora", max_steps=10, learning_rate=3e-2, held_out=0, checkpoint_every=1, keep_checkpoints=20)
    whole, resumed = (bench_for(name, **{**job, "adapter": SETTINGS}) for name in ("whole", "resumed"))
    train(whole, TrainingState())
    folder = whole.run_folder / "checkpoints" / "step-000004"
    train(resumed, restore(folder, resumed.job, resumed.trained, resumed.optimiser, pytest.fail))
    bits = loss_bits(whole.run_folder)
    assert loss_bits(resumed.run_folder) == {step: bits[step] for step in range(5, 11)}
    assert torch.equal(resumed.trained.parameters.values, whole.trained.parameters.values)


def test_ranks_that_cannot_fall_are_refused_and_those_left_open_are_not() -> None:
    with pytest.raises(ValidationError, match="below the rank of 8"):
        AdaLoraSettings(kind="adalora", rank=8, first_rank=4)
    assert AdaLoraSettings(kind="adalora", rank=64).rank == 64
