"""How many bytes the model has that is handed over, for each kind of quantisation."""

from luthier.domain.models import ModelShape
from luthier.domain.plans import Estimate, Export
from luthier.export.facts import tensor_types
from luthier.planning.facts import exports

_SPREAD = 0.02  # metadata, tokenizer, tensors that stay wide


def export_as(kind: str, shape: ModelShape) -> Export:
    """Raises KeyError for a kind that is not known."""
    facts, types = exports(), tensor_types()
    asked = types.kind(kind)
    head = shape.vocabulary * shape.hidden  # the matrix that makes logits, which coarse kinds keep finer
    usual, finer = _bits(asked.matrices), _bits(asked.head or asked.matrices)
    weights = ((shape.parameters - head) * usual + head * finer) / 8
    size = weights + facts.metadata_bytes_per_token * shape.vocabulary + facts.metadata_bytes
    basis = f"The base's weights at {usual:g} bits each, with the tokenizer. {facts.source}"
    return Export(
        kind=kind,
        size=Estimate(low=size * (1 - _SPREAD), high=size * (1 + _SPREAD), unit="bytes", confidence=0.95, basis=basis),
    )


def finest_within(size_limit: float, shape: ModelShape) -> Export | None:
    """The one that keeps the most, of those that stay below the limit."""
    made = sorted((export_as(kind, shape) for kind in exports().kinds), key=lambda export: -export.size.high)
    return next((export for export in made if export.size.high <= size_limit), None)


def smallest(shape: ModelShape) -> Export:
    return min((export_as(kind, shape) for kind in exports().kinds), key=lambda export: export.size.high)


def _bits(type_name: str) -> float:
    """For each weight, with its share of what a block has in common."""
    kind = tensor_types().type(type_name)
    return 8 * kind.bytes / kind.weights
