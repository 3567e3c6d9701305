"""Tokens per second of a training pass on a base of a given shape: its weights are random, its speed is real."""

import numpy as np
import psutil
import torch
from transformers import LlamaConfig, LlamaForCausalLM, PreTrainedModel

from luthier.data.packing import PackedRow, pack
from luthier.domain.adapters import LoraSettings
from luthier.domain.machine import MEASURED_EXAMPLE_TOKENS, MEASURED_SUPERVISED_SHARE, TrainingRate
from luthier.domain.measuring import MeasuringOrder
from luthier.domain.models import ModelShape
from luthier.engine.adapters import Adapter, attach
from luthier.engine.device_rates import PRECISIONS
from luthier.engine.forward import row_loss
from luthier.engine.packed_attention import packed_attention
from luthier.engine.timing import Stopwatch

_FEW, _MANY = 256, 2048  # tokens in a pass: to start its operations takes as long for few as for many
_MANY_IN_LITTLE_MEMORY = 768
_ROOM_BYTES = 6_000_000_000  # for a pass of many tokens in fp32, beside the model


def tokens_in_passes() -> tuple[int, int]:
    """Of which rates are taken on this machine."""
    is_roomy = psutil.virtual_memory().available > _ROOM_BYTES
    return _FEW, _MANY if is_roomy else _MANY_IN_LITTLE_MEMORY


class TrainingPass:
    """The starter's shape with a fresh LoRA adapter, as a run on the processor has it."""

    def __init__(self, order: MeasuringOrder, precision: str) -> None:
        self._order = order
        self._precision = precision
        self._model = random_model(order.shape, precision)
        self._settings = LoraSettings()
        self._adapter: Adapter = attach(self._model, self._settings, fused=True)

    def rate(self, tokens: int) -> TrainingRate:
        row = _row(tokens, self._order.shape.vocabulary)

        def once() -> None:
            with packed_attention(self._model), self._adapter.training():
                row_loss(self._model, row).backward()

        return TrainingRate(
            base=self._order.base,
            parameters=self._order.shape.parameters,
            settings=f"lora-{self._settings.rank} {self._precision} fused {tokens}",
            tokens_per_second=Stopwatch(self._order.seconds_for_each).rate_of(once, tokens),
        )


def random_model(shape: ModelShape, precision: str) -> PreTrainedModel:
    config = LlamaConfig(
        vocab_size=shape.vocabulary,
        hidden_size=shape.hidden,
        intermediate_size=shape.intermediate,
        num_hidden_layers=shape.layers,
        num_attention_heads=shape.heads,
        num_key_value_heads=shape.kv_heads,
        head_dim=shape.head_width,
        max_position_embeddings=shape.context_length,
        tie_word_embeddings=shape.tied_embeddings,
    )
    torch.manual_seed(0)
    model = LlamaForCausalLM(config).to(PRECISIONS[precision])
    model.requires_grad_(False)
    model.eval()
    return model


def _row(tokens: int, vocabulary: int) -> PackedRow:
    chance = np.random.default_rng(0)
    count = max(1, tokens // MEASURED_EXAMPLE_TOKENS)
    length = tokens // count
    ids = [chance.integers(0, vocabulary, length, dtype=np.uint32) for _ in range(count)]
    supervised = np.arange(length) >= length * (1 - MEASURED_SUPERVISED_SHARE)
    return pack(ids, [supervised] * count)
