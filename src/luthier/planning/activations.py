"""What one layer keeps for backward, and what passes while backward is in it: as traced, else counted from the shape.

The count holds for decoders with gated feed-forward layers, grouped keys and RMSNorm (the classic one of Korthikanti et
al. 2022, arXiv 2205.05198, does not). It agrees with the trace of the starter to the byte.
"""

from luthier.domain.adapters import FullSettings, Ia3Settings
from luthier.domain.traces import LayerTrace, Trained
from luthier.planning.facts import memory_facts
from luthier.planning.load import Load

_KEPT_ATTENTION = 512  # tokens: attention of a longer example is computed again instead of being kept
_FP32_BYTES = 4
_INVERSES = 8  # bytes: one fp32 figure of each of the two norms
_SCORES = 2.8  # arrays of attention scores that exist at once in backward
_SCORES_APART = 2  # times their room: those of an example of another length do not fit where the last ones lay


def kept_bytes_per_token(load: Load, example_tokens: int) -> float:
    """Of one layer. A layer that is computed again keeps its input alone."""
    if load.gradient_checkpointing:
        return load.bytes_per_weight * load.shape.hidden
    return _whole_layer(load, example_tokens)


def passing_bytes(load: Load, tokens: int, example_tokens: int) -> float:
    """What exists in one layer at a time: its gradients and temporaries, its attention, or the head's gradient."""
    traced = _trace(load)
    per_pair = traced.passing_bytes_per_pair if traced else _SCORES * load.bytes_per_weight * load.shape.heads
    per_token = traced.passing_bytes_per_token if traced else _counted_passing(load)
    fixed = traced.passing_fixed_bytes if traced else _largest_gradient(load)
    again = tokens * _whole_layer(load, example_tokens) if load.gradient_checkpointing else 0.0
    unpacked = load.bytes_per_weight * load.largest_linear if load.precision == "nf4" else 0.0
    scores = _SCORES_APART * example_tokens**2 * per_pair if memory_facts().of(load.device).writes_scores else 0.0
    return max(fixed + tokens * per_token, scores, _head_gradient(load)) + again + unpacked


def _whole_layer(load: Load, example_tokens: int) -> float:
    traced = _trace(load)
    if traced:
        return traced.kept_bytes_per_token(example_tokens) + _product_bytes(load)
    shape, width = load.shape, load.bytes_per_weight
    queries, keys = shape.heads * shape.head_width, shape.kv_heads * shape.head_width
    elements = 4 * shape.hidden + 2 * queries + 2 * keys + 3 * shape.intermediate
    is_kept = example_tokens <= _KEPT_ATTENTION and memory_facts().of(load.device).writes_scores
    attention = shape.heads * example_tokens if is_kept else 0
    factor = memory_facts().shared.reference_share if load.kernels == "reference" else 1.0
    return width * (factor * elements + attention) + _INVERSES + _dropout_bytes(load) + _product_bytes(load)


def _counted_passing(load: Load) -> float:
    return load.bytes_per_weight * (2 * load.shape.intermediate + 4 * load.shape.hidden)


def _largest_gradient(load: Load) -> float:
    """Of a weight that is trained itself: in the precision of the products, until it is gathered in fp32."""
    return load.bytes_per_weight * load.largest_linear if load.trains_everything else 0.0


def _head_gradient(load: Load) -> float:
    """Of the head where it is trained itself: that of a part of the rows, and the sum in fp32."""
    table = load.shape.vocabulary * load.shape.hidden
    return (load.bytes_per_weight + _FP32_BYTES) * table if load.trains_everything else 0.0


def _dropout_bytes(load: Load) -> float:
    """One mask for the input of each linear layer."""
    if not _drops(load):
        return 0.0
    shape = load.shape
    return load.bytes_per_weight * (5 * shape.hidden + shape.heads * shape.head_width + shape.intermediate)


def _product_bytes(load: Load) -> float:
    """DoRA keeps what each linear layer gave before its rows were scaled, to learn their lengths from it."""
    if load.adapter.kind != "dora":
        return 0.0
    shape = load.shape
    heads = shape.heads + 2 * shape.kv_heads
    return load.bytes_per_weight * (heads * shape.head_width + 2 * shape.hidden + 2 * shape.intermediate)


def _trace(load: Load) -> LayerTrace | None:
    """Without dropout; masks are not in a trace."""
    if load.trace is None or _drops(load):
        return None
    trained: Trained = "everything" if load.trains_everything else "adapter"
    return load.trace.layer(load.kernels, "fp32" if load.precision == "fp32" else "bf16", trained)


def _drops(load: Load) -> bool:
    return not isinstance(load.adapter, Ia3Settings | FullSettings) and load.adapter.dropout > 0
