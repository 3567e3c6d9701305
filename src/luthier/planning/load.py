"""What a run has to carry: the model, the adapter, the settings and how long the examples are."""

import math
from dataclasses import dataclass

from luthier.domain.adapters import AdapterSettings
from luthier.domain.models import ModelShape
from luthier.domain.plans import DataFacts
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

    @property
    def adapter_parameters(self) -> int:
        return adapter_parameters(self.shape, self.adapter)

    @property
    def bytes_per_weight(self) -> int:
        """Of what is computed; see `base_bytes` for what the base takes."""
        return 4 if self.precision == "fp32" else 2

    @property
    def base_bytes(self) -> float:
        """The base's weights in memory. In nf4 the embeddings and the head stay in bf16."""
        if self.precision != "nf4":
            return self.shape.parameters * self.bytes_per_weight
        tables = self.shape.vocabulary * self.shape.hidden * (1 if self.shape.tied_embeddings else 2)
        return 2 * tables + _NF4_BYTES * (self.shape.parameters - tables)

    @property
    def trained_bytes(self) -> int:
        """Value, gradient, two moments, and a copy in the base's precision; a fully trained base is that copy."""
        if self.adapter.kind == "full":
            return 16 if self.bytes_per_weight == 2 else 12
        return 16 + self.bytes_per_weight


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
    return max(
        longest_example(facts, max_length), min(micro_batch_tokens, largest_batch(facts, batch_size, max_length))
    )
