"""LoftQ: LoRA that begins at what four bits leave out of the weights (Li et al. 2023, arXiv 2310.08659).

With one alternation, as PEFT does it for a base that bitsandbytes has quantised: s B A begins as the best low-rank
part of W - Q, so that training begins nearer to the untouched base than to its image in four bits.

What is learnt is the difference between the end and the beginning. On the untouched base the beginning is nought, so
the saved adapter is [B, -B0] [A; A0] of twice the rank, and means the same wherever other adapters are loaded.
"""

import copy
import math
from collections.abc import Mapping
from pathlib import Path

import torch
from peft import LoraConfig, PeftModel
from peft.tuners.lora import LoraLayer
from torch import Tensor, nn

from luthier.domain.adapters import LoraSettings
from luthier.domain.models import BaseUnsupported
from luthier.engine.channel import Channel
from luthier.engine.flat_parameters import FlatParameters
from luthier.engine.lora_start import principal_parts
from luthier.engine.quantised import plain_weight
from luthier.export.tensors import TensorFiles

_OUTER = "base_model.model."
_PARTS = {"lora_A": 0, "lora_B": 1}  # and along which dimension the beginning stands beside the end


def beginnings(peft_model: PeftModel) -> dict[str, nn.Parameter]:
    """Places for A0 and B0 of every layer, to lie among what is trained without being trained."""
    return {
        _begun(name): nn.Parameter(torch.zeros_like(each))
        for name, each in peft_model.named_parameters()
        if any(f".{part}." in name for part in _PARTS)
    }


@torch.no_grad()
def begin_at_rounding(
    layers: Mapping[str, LoraLayer], parameters: FlatParameters, base_folder: Path, channel: Channel
) -> None:
    """Sets A and B of every layer. Raises BaseUnsupported, ModelDamaged, and Interrupted between two layers."""
    whole = TensorFiles(base_folder)
    values = parameters.views(parameters.values)
    for done, (name, layer) in enumerate(layers.items()):
        channel.obey()
        channel.progress("measuring what four bits leave out", done, len(layers))
        stored = f"{name.removeprefix(_OUTER)}.weight"
        if stored not in whole:
            raise BaseUnsupported(what=f"its file holds no {stored} to compare four bits with")
        held = plain_weight(layer.get_base_layer()).float()
        rest = torch.from_numpy(whole.rows(stored)).to(held.device) - held
        found = principal_parts(rest, layer.r["default"], float(layer.scaling["default"]))
        for part, value in zip(_PARTS, found, strict=True):
            own = f"{name}.{part}.default.weight"
            values[own].copy_(value)
            values[_begun(own)].copy_(value)


def on_the_whole_base(
    settings: LoraSettings, config: LoraConfig, tensors: Mapping[str, Tensor], values: Mapping[str, Tensor]
) -> tuple[LoraConfig, dict[str, Tensor]]:
    """What is saved, from PEFT's own tensors and all values by the names that they have in training."""
    saved = dict(tensors)
    for name, tensor in tensors.items():
        layer, _, part = name.removesuffix(".weight").rpartition(".")
        if part in _PARTS:
            start = values[_begun(f"{layer}.{part}.default.weight")]
            saved[name] = torch.cat([tensor, -start if part == "lora_B" else start], dim=_PARTS[part])
    doubled = copy.copy(config)
    doubled.r = 2 * settings.rank
    doubled.lora_alpha = settings.alpha * (2 if settings.scaling == "standard" else math.sqrt(2))
    return doubled, saved


def _begun(name: str) -> str:
    return name.replace(".default.", ".beginning.")
