"""What a run has to carry: the model, the adapter, the settings and how long the examples are."""

import math
from dataclasses import dataclass

from luthier.domain.adapters import AdapterSettings
from luthier.domain.machine import Device
from luthier.domain.models import ModelShape
from luthier.domain.plans import DataFacts
from luthier.domain.traces import ModelTrace
from luthier.planning.lora_size import adapter_parameters

_DEVIATIONS = 3.0  # above the mean: about the largest of a thousand batches
# Per weight: 4 bits, and a quantised scale for every 64 (Dettmers et al. 2023, arXiv 2305.14314).
_NF4_BYTES = 0.5 + 1 / 64 + 4 / 64 / 256
_P95_DEVIATIONS = 1.645


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
    trace: ModelTrace | None = None  # of the base's layers, when they were traced

    @property
    def trained_parameters(self) -> int:
        return adapter_parameters(self.shape, self.adapter)

    @property
    def trains_everything(self) -> bool:
        return self.adapter.kind == "full"

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
    def replaced_bytes(self) -> float:
        """Of linear weights as the file holds them, where others are computed with: laid out anew, or in four bits."""
        if self.precision == "nf4":
            return 2.0 * self.linear_weights
        return self.linear_bytes if self.kernels == "fused" else 0.0

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
    def optimiser_bytes_per_trained(self) -> int:
        """AdamW's two moments in fp32."""
        return 8


def _table_weights(shape: ModelShape) -> int:
    return shape.vocabulary * shape.hidden * (1 if shape.tied_embeddings else 2)


def longest_example(facts: DataFacts, max_length: int) -> int:
    """Tokens of the longest example that is trained on."""
    return min(facts.tokens_max, max_length)


def largest_batch(facts: DataFacts, batch_size: int, max_length: int) -> int:
    """Tokens of the largest batch that chance is likely to put together."""
    longest = longest_example(facts, max_length)
    mean = min(facts.tokens_mean, float(longest))
    deviation = max(0.0, (min(facts.tokens_p95, longest) - min(facts.tokens_p50, longest)) / _P95_DEVIATIONS)
    expected = math.ceil(batch_size * mean + _DEVIATIONS * math.sqrt(batch_size) * deviation)
    return max(longest, min(batch_size * longest, expected))


def largest_pass(facts: DataFacts, batch_size: int, max_length: int, micro_batch_tokens: int) -> int:
    """Tokens of the largest forward pass: a batch is cut there, an example never."""
    longest = longest_example(facts, max_length)
    shortest = max(1, min(longest, 2 * facts.tokens_p50 - facts.tokens_p95))  # usually, if lengths are spread evenly
    whole_examples = micro_batch_tokens // shortest * longest
    return max(longest, min(micro_batch_tokens, whole_examples, largest_batch(facts, batch_size, max_length)))
