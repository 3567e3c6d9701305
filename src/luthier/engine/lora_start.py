"""LoRA that begins at the main part of each weight instead of at nothing: PiSSA and OLoRA.

Both write W = (W - s B0 A0) + s B A with B A beginning as B0 A0. Here W stays as it is and the adapter is
[B, -B0] [A; A0] of twice the rank, its second half never trained: the same function, in the form that any tool
loads on the untouched base, and exactly the base when it is switched off.
"""

import torch
from peft import PeftModel
from peft.tuners.lora import LoraLayer
from torch import Tensor, nn

from luthier.domain.adapters import LoraSettings
from luthier.engine.quantised import plain_weight

# Of the subspace method, and directions beyond the rank (Halko et al. 2011, arXiv 0909.4061).
_ITERATIONS, _MORE = 8, 16


@torch.no_grad()
def begin_at_weights(peft_model: PeftModel, settings: LoraSettings) -> dict[str, tuple[slice, ...]]:
    """Sets A and B of every target; returns which part of each is not to be trained. Nothing for the other starts."""
    if not settings.begins_at_weights:
        return {}
    fixed: dict[str, tuple[slice, ...]] = {}
    rank, every = settings.rank, slice(None)
    for name, module in peft_model.named_modules():
        if isinstance(module, LoraLayer):
            weight = plain_weight(module.get_base_layer()).float()
            a, b = _parts(weight, settings, float(module.scaling["default"]))
            _first(module.lora_A).copy_(torch.cat([a, a], dim=0))
            _first(module.lora_B).copy_(torch.cat([b, -b], dim=1))
            fixed[f"{name}.lora_A.default.weight"] = (slice(rank, None), every)
            fixed[f"{name}.lora_B.default.weight"] = (every, slice(rank, None))
    return fixed


def _parts(weight: Tensor, settings: LoraSettings, scale: float) -> tuple[Tensor, Tensor]:
    """A [rank, in] and B [out, rank]."""
    if settings.init == "olora":
        return orthonormal_parts(weight, settings.rank)
    return principal_parts(weight, settings.rank, scale)


def principal_parts(weight: Tensor, rank: int, scale: float) -> tuple[Tensor, Tensor]:
    """PiSSA (Meng et al. 2024, arXiv 2404.02948): the largest singular values, shared out between A and B."""
    left, values, right = torch.svd_lowrank(weight, q=min(2 * rank + _MORE, *weight.shape), niter=_ITERATIONS)
    root = (values[:rank] / scale).sqrt()
    return _padded(root.unsqueeze(1) * right[:, :rank].t(), rank, 0), _padded(left[:, :rank] * root, rank, 1)


def orthonormal_parts(weight: Tensor, rank: int) -> tuple[Tensor, Tensor]:
    """OLoRA (Bueyuekakyuez 2024, arXiv 2406.01775): the first columns of Q and rows of R of W = Q R."""
    q, r = torch.linalg.qr(weight)
    return _padded(r[:rank], rank, 0), _padded(q[:, :rank], rank, 1)


def _padded(part: Tensor, rank: int, dim: int) -> Tensor:
    """A rank above that of the weight is filled up with zeros."""
    missing = rank - part.shape[dim]
    return nn.functional.pad(part, (0, 0, 0, missing) if dim == 0 else (0, missing))


def _first(modules: nn.ModuleDict) -> Tensor:
    weight = modules["default"].weight
    assert isinstance(weight, Tensor), "the factors of LoRA are linear layers"
    return weight
