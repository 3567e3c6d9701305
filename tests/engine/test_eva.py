from collections.abc import Callable

import pytest
import torch

from luthier.engine.adapters import Adapter
from luthier.engine.eva import Directions
from luthier.engine.forward import hidden_states
from luthier.engine.loop import Bench
from luthier.engine.packed_attention import packed_attention
from tests.engine.kinds import job_for

BenchFor = Callable[..., Bench]


def test_directions_seen_in_parts_hold_as_much_as_those_of_all_rows_at_once() -> None:
    """Against the full decomposition, on rows whose strength falls slowly, which is the hardest case."""
    generator = torch.Generator().manual_seed(5)
    rows = torch.randn(600, 40, generator=generator) * torch.linspace(2, 1, 40)
    directions = Directions(4)
    for part in rows.split(50):
        directions.see(part)
    found = directions.of_length_one()
    torch.testing.assert_close(found @ found.t(), torch.eye(4), atol=1e-4, rtol=1e-4)
    best = torch.linalg.svd(rows, full_matrices=False).Vh[:4]
    assert (rows @ found.t()).square().sum() > 0.98 * (rows @ best.t()).square().sum()


def test_directions_that_the_inputs_do_not_have_are_zero() -> None:
    directions = Directions(4)
    directions.see(torch.tensor([[3.0, 0, 0], [0, 2.0, 0]]))
    torch.testing.assert_close(directions.of_length_one().norm(dim=1), torch.tensor([1.0, 1, 0, 0]))


@pytest.mark.parametrize("kernels", ["fused", "reference"])
def test_a_begins_where_the_inputs_of_its_layer_are_largest(kernels: str, bench_for: BenchFor) -> None:
    bench = bench_for(**{**job_for("eva", precision="fp32"), "kernels": kernels})
    assert isinstance(bench.trained, Adapter)
    name = "base_model.model.model.layers.1.mlp.down_proj"
    seen: list[torch.Tensor] = []
    layer = bench.trained.lora_layers()[name]
    layer.register_forward_pre_hook(lambda _, inputs: seen.append(inputs[0].reshape(-1, inputs[0].shape[-1])))
    with torch.no_grad(), packed_attention(bench.base.model):
        for index in range(len(bench.data.train)):
            hidden_states(bench.base.model, bench.data.train.packed([index]))
    rows = torch.cat(seen)
    a = bench.trained.parameters.views(bench.trained.parameters.values)[f"{name}.lora_A.default.weight"]
    best = torch.linalg.svd(rows, full_matrices=False).Vh[:4]
    assert (rows @ a.t()).square().sum() > 0.97 * (rows @ best.t()).square().sum()


def test_it_begins_alike_each_time(bench_for: BenchFor) -> None:
    first, second = (bench_for(name, **job_for("eva")) for name in ("first", "second"))
    assert torch.equal(first.trained.parameters.values, second.trained.parameters.values)
