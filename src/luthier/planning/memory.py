"""The peak memory of a worker process, added up from what it holds.

Activations follow what backward needs when only inputs of linears are saved (the classic count of Korthikanti et al.
2022, arXiv 2205.05198, does not hold for gated feed-forward layers, grouped keys and RMSNorm).
"""

from dataclasses import dataclass

from luthier.domain.plans import Estimate
from luthier.planning.facts import memory_facts
from luthier.planning.load import Load, largest_pass, longest_example

_KEPT_ATTENTION = 512  # tokens: attention of a longer example is computed again instead of being kept


@dataclass(frozen=True)
class PeakMemory:
    """Bytes."""

    runtime: float
    weights: float
    adapter: float  # what is trained: values, gradients, two moments, and a copy for products
    activations: float
    logits: float

    @property
    def total(self) -> float:
        return self.runtime + self.weights + self.adapter + self.activations + self.logits

    def as_estimate(self) -> Estimate:
        facts = memory_facts()
        return Estimate(
            low=self.total * (1 - facts.spread),
            high=self.total * (1 + facts.spread),
            unit="bytes",
            confidence=0.8,
            basis=f"Weights, adapter, activations and logits counted, within {facts.spread:.0%}. {facts.source}",
        )


def peak_memory(load: Load, max_length: int, micro_batch_tokens: int) -> PeakMemory:
    facts = memory_facts()
    tokens = largest_pass(load.facts, load.batch_size, max_length, micro_batch_tokens)
    weights = load.base_bytes
    per_token = _saved_bytes_per_token(load, longest_example(load.facts, max_length))
    supervised = min(facts.logit_rows, tokens * load.facts.supervised_share + 1)
    training = tokens * per_token * facts.allocator_factor + _passing_bytes(load, tokens)
    # Loading comes before training, so only what it needs beyond training's own peak counts.
    loading = weights * facts.loading_share
    return PeakMemory(
        runtime=facts.runtime_bytes,
        weights=weights + max(0.0, loading - training),
        adapter=load.adapter_parameters * load.trained_bytes,
        activations=training,
        logits=supervised * load.shape.vocabulary * (4 + 2 * load.bytes_per_weight) * facts.allocator_factor,
    )


def _saved_bytes_per_token(load: Load, length: int) -> float:
    """Over all layers: two fp32 norm inputs; the inputs of the linears; queries, keys, values; attention weights."""
    shape, width = load.shape, load.bytes_per_weight
    queries, keys = shape.heads * shape.head_width, shape.kv_heads * shape.head_width
    elements = 2 * shape.hidden + 2 * queries + 2 * keys + 4 * shape.intermediate
    attention = shape.heads * length if length <= _KEPT_ATTENTION else 0
    per_layer = 8 * shape.hidden + width * (elements + attention)
    factor = memory_facts().reference_factor if load.kernels == "reference" else 1.0
    if load.gradient_checkpointing:  # the inputs of all layers, and everything of the one that is computed again
        return width * shape.layers * shape.hidden + per_layer * factor
    return shape.layers * per_layer * factor


def _passing_bytes(load: Load, tokens: int) -> float:
    """Gradients and temporaries of one layer while backward is in it, and its attention scores."""
    longest = min(tokens, load.facts.tokens_max)
    scores = 3 * load.shape.heads * longest * longest
    return load.bytes_per_weight * (4 * tokens * load.shape.intermediate + scores)
