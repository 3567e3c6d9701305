"""How many bytes the model has that is handed over, for each kind of quantisation."""

from luthier.domain.models import ModelShape
from luthier.domain.plans import Estimate, Export
from luthier.planning.facts import exports

_SPREAD = 0.02  # metadata, tokenizer, tensors that stay wide


def export_as(kind: str, shape: ModelShape) -> Export:
    """Raises KeyError for a kind that is not known."""
    facts = exports()
    size = shape.parameters * facts.bits_per_weight[kind] / 8 + facts.metadata_bytes_per_token * shape.vocabulary
    basis = f"The base's weights at {facts.bits_per_weight[kind]:g} bits each, with the tokenizer. {facts.source}"
    return Export(
        kind=kind,
        size=Estimate(low=size * (1 - _SPREAD), high=size * (1 + _SPREAD), unit="bytes", confidence=0.95, basis=basis),
    )


def finest_within(size_limit: float, shape: ModelShape) -> Export | None:
    """The one that keeps the most, of those that stay below the limit."""
    ordered = sorted(exports().bits_per_weight, key=lambda kind: -exports().bits_per_weight[kind])
    made = (export_as(kind, shape) for kind in ordered)
    return next((export for export in made if export.size.high <= size_limit), None)


def smallest(shape: ModelShape) -> Export:
    return export_as(min(exports().bits_per_weight, key=lambda kind: exports().bits_per_weight[kind]), shape)
