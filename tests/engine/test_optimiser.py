from itertools import pairwise

import pytest
import torch

from luthier.engine.flat_parameters import FlatParameters
from luthier.engine.optimiser import Optimiser, schedule_share
from tests.builders.plans import training_settings


def shares(total: int, **changes: object) -> list[float]:
    return [schedule_share(step, total, training_settings(**changes)) for step in range(1, total + 1)]


def test_a_linear_schedule_begins_at_the_peak_and_never_reaches_zero() -> None:
    assert shares(4, schedule="linear", warmup_ratio=0.0) == [1.0, 0.75, 0.5, 0.25]


def test_warming_up_never_wastes_a_step_at_a_learning_rate_of_zero() -> None:
    assert shares(6, schedule="constant", warmup_ratio=0.5) == pytest.approx([1 / 3, 2 / 3, 1.0, 1.0, 1.0, 1.0])


def test_a_cosine_falls_from_one_without_ever_rising() -> None:
    values = shares(20, schedule="cosine", warmup_ratio=0.1)
    assert values[2] == 1.0
    assert all(later < earlier for earlier, later in pairwise(values[2:]))
    assert 0 < values[-1] < 0.02


def named_parameters() -> dict[str, torch.nn.Parameter]:
    torch.manual_seed(1)
    return {"b": torch.nn.Parameter(torch.randn(3, 2)), "a": torch.nn.Parameter(torch.randn(4))}


def test_updates_are_those_of_adamw_with_a_clipped_global_norm() -> None:
    settings = training_settings(weight_decay=0.1, max_gradient_norm=0.5, schedule="linear", warmup_ratio=0.0)
    plain = named_parameters()
    reference = torch.optim.AdamW(plain.values(), lr=settings.learning_rate, weight_decay=0.1, foreach=False)
    ours = named_parameters()
    optimiser = Optimiser(FlatParameters(ours), settings, total_steps=4)
    for step in range(1, 5):
        for parameters in (plain, ours):
            sum((parameter.sin() * step).sum() for parameter in parameters.values()).backward()
        norm = torch.nn.utils.clip_grad_norm_(plain.values(), 0.5)
        assert optimiser.gradient_norm() == pytest.approx(norm.item())
        reference.param_groups[0]["lr"] = settings.learning_rate * (1 - (step - 1) / 4)
        reference.step()
        reference.zero_grad()
        optimiser.update(step, optimiser.gradient_norm(), settings)
    for name, parameter in plain.items():
        torch.testing.assert_close(ours[name], parameter)


def test_gradients_are_gathered_over_several_backward_passes_and_emptied_by_the_update() -> None:
    named = named_parameters()
    flat = FlatParameters(named)
    settings = training_settings()
    optimiser = Optimiser(flat, settings, total_steps=4)
    for _ in range(2):
        named["a"].sum().backward()
    torch.testing.assert_close(flat.views(flat.gradients)["a"], torch.full((4,), 2.0))
    optimiser.update(1, optimiser.gradient_norm(), settings)
    assert not flat.gradients.any()
