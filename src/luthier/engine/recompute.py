"""Gradient checkpointing (Chen et al. 2016, arXiv 1604.06174): layers keep their inputs and are computed twice."""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial

from torch.utils.checkpoint import checkpoint
from transformers import PreTrainedModel
from transformers.modeling_layers import GradientCheckpointingLayer

from luthier.domain.models import BaseUnsupported


@contextmanager
def recomputed_layers(model: PreTrainedModel, wanted: bool) -> Iterator[None]:
    """Within, backward computes each layer of `model` again, with the same dropout: the same bits in less memory."""
    layers = [module for module in model.modules() if isinstance(module, GradientCheckpointingLayer)] if wanted else []
    if wanted and not layers:
        raise BaseUnsupported(what="its layers cannot be computed twice for gradient checkpointing")
    for layer in layers:
        layer._gradient_checkpointing_func = partial(checkpoint, use_reentrant=False)
        layer.gradient_checkpointing = layer.training = True  # of the layer alone: what is inside stays as it is
    try:
        yield
    finally:
        for layer in layers:
            layer.gradient_checkpointing = layer.training = False
