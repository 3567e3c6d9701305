"""Bases in four bits (NF4 of QLoRA, Dettmers et al. 2023, arXiv 2305.14314), through bitsandbytes."""

from importlib.util import find_spec

import torch
from torch import Tensor, nn
from transformers import BitsAndBytesConfig, PreTrainedModel

from luthier.domain.models import BaseUnsupported, QuantisationMissing

_BLOCK = 64  # weights that share a scale; on a processor a block must not reach into the next row


def nf4_config() -> BitsAndBytesConfig:
    """Weights in blocks of 64 with quantised scales; products run in bf16. Raises QuantisationMissing."""
    if find_spec("bitsandbytes") is None:
        raise QuantisationMissing
    return BitsAndBytesConfig(
        load_in_4bit=True,
        bnb_4bit_quant_type="nf4",
        bnb_4bit_use_double_quant=True,
        bnb_4bit_compute_dtype=torch.bfloat16,
    )


def settle(model: PreTrainedModel) -> None:
    """Raises BaseUnsupported for layers that bitsandbytes would damage without a word.

    Left alone it lays the weights out anew at the first pass without gradients and rounds their scales on the way,
    so that measuring a model would change it.
    """
    from bitsandbytes.nn.modules import Linear4bit

    for name, module in model.named_modules():
        if isinstance(module, Linear4bit):
            if module.in_features % _BLOCK:
                raise BaseUnsupported(what=f"{name} is not a multiple of {_BLOCK} wide, which four bits need")
            module.support_avx512bf16_for_cpu = False


def plain_weight(layer: nn.Module) -> Tensor:
    """[out, in], whatever it is stored in."""
    weight = layer.weight
    assert isinstance(weight, Tensor), "a linear layer has a weight"
    state = getattr(weight, "quant_state", None)
    if state is None:
        return weight.detach()
    from bitsandbytes.functional import dequantize_4bit

    plain: Tensor = dequantize_4bit(weight.data, state)
    return plain


def elements_of(parameter: Tensor) -> int:
    """How many numbers it stands for; two of four bits share a byte."""
    state = getattr(parameter, "quant_state", None)
    return parameter.numel() if state is None else int(torch.Size(state.shape).numel())
