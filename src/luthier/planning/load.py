"""What a run has to carry: the model, the adapter, the settings and how long the examples are."""

import math
from dataclasses import dataclass

from luthier.domain.adapters import FUSED_KINDS, AdapterSettings
from luthier.domain.jobs import LARGEST_CACHE_BYTES
from luthier.domain.machine import Device
from luthier.domain.models import ModelShape
from luthier.domain.plans import DataFacts
from luthier.domain.traces import ModelTrace
from luthier.planning.lora_size import adapter_parameters

_DEVIATIONS = 3.0  # above the mean: about the largest of a thousand batches
# Per weight: 4 bits, and a quantised scale for every 64 (Dettmers et al. 2023, arXiv 2305.14314).
_NF4_BYTES = 0.5 + 1 / 64 + 4 / 64 / 256
_EIGHT_BIT_MOMENTS = 2 * (1 + 4 / 256)  # bytes: two moments, and a scale in fp32 for every 256 of each
_P95_DEVIATIONS = 1.645


@dataclass(frozen=True)
class Drawn:
    """The answers of one step of GRPO."""

    answers: int
    tokens: int  # of each, at most
    reads_base: bool  # whether the base reads them as well


@dataclass(frozen=True)
class Load:
    shape: ModelShape
    adapter: AdapterSettings
    facts: DataFacts
    batch_size: int
    precision: str
    kernels: str
    gradient_checkpointing: bool = False
    device: Device = "cpu"
    processes: int = 1  # that divide each batch
    sharded: bool = False  # each process holds a part of every layer
    eight_bit_moments: bool = False  # of the optimiser
    trace: ModelTrace | None = None  # of the base's layers, when they were traced
    drawn: Drawn | None = None  # of GRPO; `facts` and `batch_size` are then those of the answers

    @property
    def trained_parameters(self) -> int:
        return adapter_parameters(self.shape, self.adapter)

    @property
    def trains_everything(self) -> bool:
        return self.adapter.kind == "full"

    @property
    def may_be_fused(self) -> bool:
        return self.adapter.kind in FUSED_KINDS and self.device == "cpu" and not self.sharded

    @property
    def bytes_per_weight(self) -> int:
        """Of what is computed; see `base_bytes` for what the base takes."""
        return 4 if self.precision == "fp32" else 2

    @property
    def linear_weights(self) -> int:
        """In the linear layers of all blocks. Norms and biases count as such, unless they were counted apart."""
        return self.trace.linear_weights if self.trace else self.shape.parameters - _table_weights(self.shape)

    @property
    def linear_bytes(self) -> float:
        return self.linear_weights * (_NF4_BYTES if self.precision == "nf4" else self.bytes_per_weight)

    @property
    def largest_linear(self) -> int:
        """Weights of the largest one: it exists whole while a quantised layer is computed."""
        return self.shape.hidden * max(self.shape.intermediate, self.shape.heads * self.shape.head_width)

    @property
    def base_bytes(self) -> float:
        """The base's weights in memory. In nf4 the embeddings, the head and the norms stay in bf16."""
        return self.linear_bytes + (self.shape.parameters - self.linear_weights) * self.bytes_per_weight

    @property
    def file_bytes(self) -> float:
        """Of the base's file, in 16 bits, that lies in memory for a moment beside the weights made from it."""
        return 2.0 * self.shape.parameters if self.kernels == "fused" or self.precision == "nf4" else 0.0

    @property
    def cache_bytes(self) -> float:
        """Keys and values of the answers that are drawn at once."""
        if self.drawn is None:
            return 0.0
        each = 2 * self.shape.layers * self.shape.kv_heads * self.shape.head_width * self.bytes_per_weight
        return float(min(LARGEST_CACHE_BYTES, self.drawn.answers * self.facts.tokens_max * each))

    @property
    def value_bytes_per_trained(self) -> int:
        """An adapter: its value, and the copy that fused products read. A base in fp32 is its own value."""
        if self.trains_everything:
            return 4 if self.bytes_per_weight == 2 else 0
        return 4 + (2 if self.bytes_per_weight == 2 and self.kernels == "fused" else 0)

    @property
    def gradient_bytes_per_trained(self) -> int:
        return 4

    @property
    def optimiser_bytes_per_trained(self) -> float:
        """AdamW's two moments, and AdaLoRA's two averages in fp32."""
        return (_EIGHT_BIT_MOMENTS if self.eight_bit_moments else 8) + (8 if self.adapter.kind == "adalora" else 0)

    @property
    def checkpoint_bytes_per_trained(self) -> float:
        """The value in fp32, and what the optimiser keeps of it."""
        return 4 + self.optimiser_bytes_per_trained


def _table_weights(shape: ModelShape) -> int:
    return shape.vocabulary * shape.hidden * (1 if shape.tied_embeddings else 2)


def longest_example(facts: DataFacts, max_length: int) -> int:
    """Tokens of the longest sequence that is trained on: of an example, or of one answer of a pair."""
    return min(facts.tokens_max, max_length)


def largest_batch(facts: DataFacts, batch_size: int, max_length: int) -> int:
    """Tokens of the largest batch that chance is likely to put together."""
    longest, count = longest_example(facts, max_length), batch_size * facts.sequences
    mean = min(facts.tokens_mean, float(longest))
    deviation = max(0.0, (min(facts.tokens_p95, longest) - min(facts.tokens_p50, longest)) / _P95_DEVIATIONS)
    expected = math.ceil(count * mean + _DEVIATIONS * math.sqrt(count) * deviation)
    return max(facts.sequences * longest, min(count * longest, expected))


def largest_pass(facts: DataFacts, batch_size: int, max_length: int, micro_batch_tokens: int) -> int:
    """Tokens of the largest forward pass: a batch is cut there, an example or a pair never."""
    longest = longest_example(facts, max_length)
    shortest = max(1, min(longest, 2 * facts.tokens_p50 - facts.tokens_p95))  # usually, if lengths are spread evenly
    whole_examples = micro_batch_tokens // shortest * longest
    whole = facts.sequences * longest
    return max(whole, min(micro_batch_tokens, whole_examples, largest_batch(facts, batch_size, max_length)))
