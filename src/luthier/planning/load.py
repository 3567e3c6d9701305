"""What a run has to carry: the model, the adapter, the settings and how long the examples are."""

import math
from dataclasses import dataclass

from luthier.domain.models import ModelShape
from luthier.domain.plans import DataFacts
from luthier.domain.recipes import LoraSettings
from luthier.planning.lora_size import adapter_parameters

_DEVIATIONS = 3.0  # above the mean: about the largest of a thousand batches
_P95_DEVIATIONS = 1.645


@dataclass(frozen=True)
class Load:
    shape: ModelShape
    adapter: LoraSettings
    facts: DataFacts
    batch_size: int
    precision: str
    kernels: str

    @property
    def adapter_parameters(self) -> int:
        return adapter_parameters(self.shape, self.adapter)

    @property
    def bytes_per_weight(self) -> int:
        return 2 if self.precision == "bf16" else 4


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
