"""What a token and a pass take, whatever the machine: operations counted by hand, and what comes beside them.

Operations are worth what products take: those that a processor computes more slowly count for more.
"""

from luthier.domain.adapters import DoraSettings, LoraSettings, VeraSettings
from luthier.planning.facts import pace
from luthier.planning.load import Load


def forward_flops_per_token(load: Load) -> float:
    """Without a gradient, so that nothing is kept."""
    return _forward(load) / _share(load, pace().reading_share)


def train_flops_per_token(load: Load) -> float:
    """Forward, the gradient of the inputs, and that of the weights (2 N each); frozen weights need no third part."""
    parts = 6 if load.trains_everything else 4
    products = parts * _products(load) / _share(load, pace().full_share if load.trains_everything else 1.0)
    again = _forward(load) / _share(load, pace().forward_share) if load.gradient_checkpointing else 0.0
    return products + 6 * _beside(load) + 3.5 * _attention(load) + again + _dropout(load)


def _forward(load: Load) -> float:
    return 2 * (_products(load) + _beside(load)) + _attention(load)


def seconds_beside(load: Load) -> float:
    """Of a pass on a processor, beside what a pass of LoRA with fused kernels takes however few its tokens."""
    if load.device != "cpu":
        return 0.0
    known, seconds = pace(), 0.0
    if load.kernels == "reference":
        seconds += load.shape.layers * (known.reference_seconds_per_layer_pass - known.seconds_per_layer_pass)
    if load.adapter.kind == "dora":
        seconds += load.shape.parameters * known.dora_seconds_per_weight
    if load.precision == "nf4":
        seconds += load.shape.parameters * known.nf4_seconds_per_weight
    again = 1.5 if load.gradient_checkpointing else 1.0
    gathered = load.shape.parameters * known.full_seconds_per_weight if load.trains_everything else 0.0
    return again * seconds + gathered


def seconds_per_update(load: Load) -> float:
    return load.trained_parameters * pace().update_seconds_per_weight if load.device == "cpu" else 0.0


def _products(load: Load) -> float:
    """Weights that a token is multiplied with: all but the table of input embeddings, the head only where it counts."""
    table = load.shape.vocabulary * load.shape.hidden
    tables = 1 if load.shape.tied_embeddings else 2
    return load.shape.parameters - tables * table + load.facts.supervised_share * table


def _attention(load: Load) -> float:
    """Forward operations per token: half of the pairs are masked, two products of 2 operations each."""
    counted = 2 * load.facts.tokens_mean * load.shape.heads * load.shape.head_width * load.shape.layers
    return counted / _share(load, pace().attention_share)


def _share(load: Load, on_processors: float) -> float:
    return on_processors if load.device == "cpu" else 1.0


def _beside(load: Load) -> float:
    """Weights of the adapter that a token is multiplied with, in addition to the base's."""
    return 0.0 if load.trains_everything else load.trained_parameters / _share(load, pace().adapter_share)


def _dropout(load: Load) -> float:
    """A chance for each value that goes into a linear layer."""
    if load.device != "cpu" or not isinstance(load.adapter, LoraSettings | DoraSettings | VeraSettings):
        return 0.0
    shape = load.shape
    values = shape.layers * (5 * shape.hidden + shape.heads * shape.head_width + shape.intermediate)
    return values * pace().dropout_flops if load.adapter.dropout else 0.0
