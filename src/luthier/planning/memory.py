"""The peak memory of a worker, added up part by part from what it and the processes beside it hold."""

import math
from dataclasses import dataclass, fields

from luthier.domain.adapters import FUSED_KINDS
from luthier.domain.jobs import LARGEST_COPIED_CHECKPOINT_BYTES
from luthier.domain.plans import Component, ComponentName, Estimate
from luthier.planning.activations import kept_bytes_per_token, passing_bytes
from luthier.planning.facts import memory_facts
from luthier.planning.holding import held
from luthier.planning.load import Load, largest_batch, largest_pass, longest_example

_VALUE_BYTES = 4
_LOGIT_FP32 = 4  # the softmax; the logits themselves are in the precision of the products


@dataclass(frozen=True)
class PeakMemory:
    """Bytes at the moment of the highest use: the beginning of the backward pass."""

    framework: float
    weights: float
    adapter: float  # what is trained, beside the base: values in fp32, and the copy that products read
    gradients: float
    optimiser: float
    activations: float
    logits: float
    workspace: float  # what one layer needs in passing, and a checkpoint; or what loading needs, where that is more

    @property
    def total(self) -> float:
        return float(sum(getattr(self, field.name) for field in fields(self)))

    def expected(self, load: Load) -> float:
        """The middle of the estimate: more than the total where libraries are known to take more."""
        less, more = _spread(load)
        return self.total * (1 + (more - less) / 2)

    def as_estimate(self, load: Load) -> Estimate:
        spread, more = _spread(load)
        how = "counted from its shape" if load.trace is None else "traced on one layer of it"
        within = f"{spread:.0%}" if more == spread else f"{spread:.0%} less and {more:.0%} more"
        return Estimate(
            low=self.total * (1 - spread),
            high=self.total * (1 + more),
            unit="bytes",
            confidence=0.9,
            basis=f"Every tensor counted; what the base keeps for backward was {how}. Within {within}.",
            components=tuple(_component(name, getattr(self, name), spread) for name in _NAMES),
        )


_NAMES: tuple[ComponentName, ...] = (
    "framework",
    "weights",
    "adapter",
    "gradients",
    "optimiser",
    "activations",
    "logits",
    "workspace",
)
_EXACT: frozenset[ComponentName] = frozenset({"weights", "adapter", "gradients", "optimiser"})


def peak_memory(load: Load, max_length: int, micro_batch_tokens: int) -> PeakMemory:
    backend, shared = memory_facts().of(load.device), memory_facts().shared
    count = load.processes  # each computes its share of a batch
    share = math.ceil(load.batch_size / count)
    tokens = largest_pass(load.facts, share, max_length, micro_batch_tokens)
    longest = longest_example(load.facts, max_length)
    batch = max(tokens, largest_batch(load.facts, share, max_length))
    taken = min(batch, backend.more_kept_in_several_passes * tokens)
    factor = backend.kept_factor if load.kernels == "fused" else backend.reference_kept_factor
    rows = min(shared.logit_rows, tokens * load.facts.supervised_share + 1)
    trained, base = load.trained_parameters, held(load)
    activations = count * factor * taken * load.shape.layers * kept_bytes_per_token(load, longest)
    logits = count * rows * load.shape.vocabulary * (_LOGIT_FP32 + load.bytes_per_weight)
    beside = _saving_bytes(load) + backend.loose_bytes_per_trained
    while_training = count * factor * passing_bytes(load, tokens, longest) + trained * beside
    while_loading = count * backend.loaded_beside * load.file_bytes
    return PeakMemory(
        framework=count * backend.framework_bytes,
        weights=base.weights,
        adapter=base.values,
        gradients=base.gradients,
        optimiser=trained * load.optimiser_bytes_per_trained,
        activations=activations,
        logits=logits,
        workspace=max(while_training, while_loading - activations - logits) + load.cache_bytes,
    )


def _spread(load: Load) -> tuple[float, float]:
    """Shares of the total by which a run may take less, and more."""
    backend, shared = memory_facts().of(load.device), memory_facts().shared
    spread = shared.spread_counted if load.trace is None else shared.spread_traced
    quantised = backend.more_for_quantised if load.precision == "nf4" else 0.0
    others = shared.more_for_others if load.adapter.kind not in FUSED_KINDS else 0.0
    return spread, max(spread, quantised, others)


def _saving_bytes(load: Load) -> float:
    """For each trained weight: the copy of a small checkpoint, or of the result, whichever is more."""
    if not memory_facts().of(load.device).copies_checkpoints:
        return 0.0
    checkpoint = load.checkpoint_bytes_per_trained
    small = load.trained_parameters * checkpoint <= LARGEST_COPIED_CHECKPOINT_BYTES
    result = load.bytes_per_weight if load.trains_everything else _VALUE_BYTES
    return max(checkpoint if small else 0.0, result)


def budget_bytes(load: Load, available_bytes: int) -> float:
    """What a plan may fill of the memory that is free."""
    return available_bytes * memory_facts().of(load.device).usable_share


def available_for(load: Load, needed_bytes: float) -> float:
    """What has to be free for a plan to fill so much."""
    return needed_bytes / memory_facts().of(load.device).usable_share


def _component(name: ComponentName, size: float, spread: float) -> Component:
    """Tensors that follow from shapes are exact; the rest carries more than the spread of the sum."""
    own = 0.0 if name in _EXACT else 1.5 * spread
    return Component(name=name, low=size * (1 - own), high=size * (1 + own))
