from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch

from luthier.data.encode import encode
from luthier.data.packing import PackedRow, pack
from luthier.engine.forward import hidden_states
from luthier.engine.loading import LoadedBase, load_base
from luthier.engine.loop import Bench
from luthier.engine.model_checks import (
    check_accumulation,
    check_isolation,
    check_model,
    check_same_loss,
    untrained_ids,
)
from luthier.engine.packed_attention import packed_attention
from tests.data.builders import a_chat


@pytest.fixture
def base(tiny_base: Path) -> LoadedBase:
    return load_base(tiny_base, "fp32")


def examples() -> list[PackedRow]:
    generator = np.random.default_rng(1)
    rows = [generator.integers(1, 250, length).astype(np.uint32) for length in (9, 14)]
    return [pack([row], [np.ones(len(row), dtype=bool)]) for row in rows]


def test_a_sound_base_passes_every_check(bench_for: Callable[..., Bench]) -> None:
    bench = bench_for()
    checks, findings = check_model(bench.base, bench.data.train, bench.channel)
    assert not findings
    assert {check.code for check in checks} == {
        "preflight.accumulation_unequal",
        "preflight.samples_leak",
        "preflight.loss_differs",
    }
    assert all(check.examined for check in checks)


def test_the_rounding_of_a_fused_attention_is_not_taken_for_a_fault(
    bench_for: Callable[..., Bench], starter_folder: Path
) -> None:
    """On such rows torch's fused attention alone moves the loss of the starter in bf16 by three per cent."""
    words = ("river", "stone", "cloud", "table", "green", "window", "paper", "light", "music", "garden")
    question, answer = (" ".join(words[(start + at) % 10] for at in range(20)) for start in (2, 5))
    base = load_base(starter_folder, "bf16")
    train = encode([a_chat(question, answer)], base.renderer, max_length=512)
    _, findings = check_model(base, train, bench_for().channel)
    assert not findings


def test_tokens_that_were_never_trained_are_found(base: LoadedBase) -> None:
    assert untrained_ids(base.model) == set()
    with torch.no_grad():
        base.model.get_input_embeddings().weight[[3, 200]] *= 1e-6
    assert untrained_ids(base.model) == {3, 200}


def test_packed_examples_that_see_each_other_are_found(base: LoadedBase) -> None:
    def leaking(row: PackedRow) -> torch.Tensor:
        ends = np.array([0, len(row.ids)])
        return hidden_states(base.model, PackedRow(row.ids, row.position_ids, ends, row.supervised))

    with packed_attention(base.model), torch.no_grad():
        finding = check_isolation(leaking, examples())
        assert finding is not None and finding.code == "preflight.samples_leak"
        assert check_isolation(lambda row: hidden_states(base.model, row), examples()) is None


def test_a_mean_per_part_instead_of_per_token_is_found() -> None:
    lengths = {9: 2.0, 14: 3.0, 23: 4.9}
    finding = check_accumulation(lambda row: lengths[len(row.ids)], examples())
    assert finding is not None and finding.code == "preflight.accumulation_unequal"
    assert finding.actions


def test_a_head_that_does_more_than_the_engine_knows_is_found(base: LoadedBase) -> None:
    finding = check_same_loss(10.0, 10.2)
    assert finding is not None and finding.code == "preflight.loss_differs"
    assert check_same_loss(10.0, 10.01) is None
