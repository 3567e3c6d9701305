"""That everything of a pass lies where its model does: on a device that is not the processor's, and has no values.

Torch refuses what mixes the two, as it would with a GPU.
"""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from transformers import LlamaForCausalLM

from luthier.data.packing import PackedRow, pack
from luthier.domain.chat import ChatLimits, ChatTarget
from luthier.domain.machine import GpuUnusable
from luthier.engine.adapters import attach
from luthier.engine.chat_models import ChatModels
from luthier.engine.checkpoints import identity_of
from luthier.engine.decoding import Decoder
from luthier.engine.determinism import fingerprint
from luthier.engine.devices import torch_device
from luthier.engine.forward import row_loss
from luthier.engine.loop import Bench
from luthier.engine.packed_attention import packed_attention
from luthier.engine.recompute import recomputed_layers
from luthier.engine.varlen_attention import attend_to_own
from luthier.engine.worker import is_short_of_memory
from luthier.kit.clock import SystemClock
from tests.engine.kinds import ADAPTERS

BenchFor = Callable[..., Bench]
ELSEWHERE = torch.device("meta")


@pytest.fixture
def model_elsewhere(tiny_base: Path) -> LlamaForCausalLM:
    attention = "eager"  # another looks at a mask's values
    model = LlamaForCausalLM.from_pretrained(tiny_base, dtype=torch.bfloat16, attn_implementation=attention)
    model = model.to(ELSEWHERE)
    model.requires_grad_(False)
    return model.eval()


def a_row() -> PackedRow:
    ids = [np.arange(1, length + 1, dtype=np.uint32) for length in (5, 1, 9, 600)]
    return pack(ids, [np.ones(len(each), dtype=np.bool_) for each in ids])


@pytest.mark.parametrize("kind", ["lora", "dora", "vera", "ia3", "pissa"])
@pytest.mark.parametrize("again", [False, True])
def test_loss_and_gradients_are_computed_where_the_model_is(
    kind: str, again: bool, model_elsewhere: LlamaForCausalLM
) -> None:
    trained = attach(model_elsewhere, ADAPTERS[kind], fused=False)
    with packed_attention(model_elsewhere), recomputed_layers(model_elsewhere, again):
        loss = row_loss(model_elsewhere, a_row())
        loss.backward()
    assert {loss.device, trained.parameters.values.device, trained.parameters.gradients.device} == {ELSEWHERE}


def test_answers_are_computed_where_the_model_is(model_elsewhere: LlamaForCausalLM) -> None:
    with torch.no_grad():
        decoder = Decoder(model_elsewhere, [[1, 2, 3], [4], [5, 6]])
        decoder.step([7, 8, 9])
        decoder.keep([0, 2])
        decoder.step([1, 2])
    assert decoder.logits.device == ELSEWHERE
    assert decoder.logits.shape[0] == 2


@pytest.mark.parametrize("window", [None, 7])
def test_the_kernel_for_a_gpu_takes_what_packed_rows_give_it(window: int | None) -> None:
    """Shapes and types alone: grouped keys, one token, and a gradient for each of the three."""
    rows = [torch.empty(heads, 16, 8, dtype=torch.bfloat16, device=ELSEWHERE).requires_grad_() for heads in (4, 2, 2)]
    out = attend_to_own(*rows, boundaries=(0, 5, 6, 16), scaling=0.5, window=window)
    out.sum().backward()
    assert out.shape == (16, 4, 8)
    assert all(row.grad is not None and row.grad.shape == row.shape for row in rows)


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a GPU that can be used")
def test_a_gpu_that_torch_does_not_find_is_refused_with_what_to_do() -> None:
    with pytest.raises(GpuUnusable) as caught:
        torch_device("cuda")
    assert "finds none" in caught.value.problem.sentence
    assert any(action.command == "luthier doctor" for action in caught.value.problem.actions)


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a GPU that can be used")
def test_a_model_that_is_to_answer_on_a_gpu_never_answers_elsewhere(tiny_base: Path) -> None:
    models = ChatModels(ChatLimits(memory_bytes=10**9, device="cuda"), SystemClock())
    with pytest.raises(GpuUnusable):
        models.get(ChatTarget(label="tiny", base_folder=str(tiny_base)), busy=())


def test_a_gpu_that_has_no_memory_left_is_a_worker_short_of_memory() -> None:
    """The remedy halves its passes."""
    assert is_short_of_memory(torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB."))
    assert not is_short_of_memory(RuntimeError("CUDA error: an illegal memory access was encountered"))


def test_a_run_that_changes_its_device_has_the_same_identity_and_another_fingerprint(bench_for: BenchFor) -> None:
    here, there = (bench_for(name).job for name in ("here", "there"))
    elsewhere = there.model_copy(update={"settings": there.settings.model_copy(update={"device": "cuda"})})
    assert identity_of(elsewhere) == identity_of(here)
    assert fingerprint()["device"] == "cpu"
