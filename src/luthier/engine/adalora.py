"""AdaLoRA: ranks go to the layers that need them while training runs (Zhang et al. 2023, arXiv 2303.10512).

Each layer adds s B diag(E) A. What counts little, in the loss and steadily, loses its entry of E until the budget of
ranks is met; the schedule is a function of the step, and the importance of every value is state of the optimiser.
What is saved is the LoRA that computes the same, because PEFT scales a cut AdaLoRA anew when it loads one.
"""

from collections.abc import Mapping

import torch
from peft import LoraConfig, PeftConfig
from torch import Tensor

from luthier.domain.adapters import AdaLoraSettings
from luthier.engine.flat_parameters import FlatParameters

_RANKNUM_SPARE = 1e-5  # PEFT divides by the first rank and this


class RankAllocator:
    """Cuts E to the budget after each update."""

    def __init__(self, parameters: FlatParameters, settings: AdaLoraSettings, total_steps: int) -> None:
        self._parameters = parameters
        self._settings = settings
        self._first = int(settings.spread_share * total_steps)  # the last step with all ranks
        self._last = total_steps - int(settings.settled_share * total_steps)  # the first one with the final ranks
        self._layers = [name.replace(".lora_E.", ".lora_{}.") for name in parameters.names if ".lora_E." in name]
        self._importance = torch.zeros_like(parameters.values)
        self._uncertainty = torch.zeros_like(parameters.values)
        self._kept = parameters.values.new_ones(len(self._layers) * settings.first_rank)

    def after_update(self, step: int) -> None:
        """While the gradients of the 1-based `step` are there."""
        if step <= self._last:
            self._measure()
            self._kept.copy_(self._within(self.budget(step)))
        values = self._parameters.views(self._parameters.values)
        for layer, kept in zip(self._layers, self._kept.split(self._settings.first_rank), strict=True):
            values[layer.format("E")].mul_(kept.unsqueeze(1))

    def budget(self, step: int) -> int:
        """Ranks of all layers together: falls as the cube of what is left of the schedule (equation 12)."""
        first, final = (len(self._layers) * each for each in (self._settings.first_rank, self._settings.rank))
        if step <= self._first:
            return first
        left = max(0.0, 1 - (step - self._first) / max(1, self._last - self._first))
        return int((first - final) * left**3 + final)

    def state(self) -> dict[str, Tensor]:
        return {"importance": self._importance, "uncertainty": self._uncertainty, "kept": self._kept}

    def restore(self, state: Mapping[str, Tensor]) -> None:
        for name, own in self.state().items():
            own.copy_(state[name])

    def _measure(self) -> None:
        """How much the loss would change without each value, and how unsteady that is (equations 8 to 10)."""
        share = 1 - self._settings.smoothing
        sensitivity = (self._parameters.values * self._parameters.gradients).abs_()
        self._importance.lerp_(sensitivity, share)
        self._uncertainty.lerp_((sensitivity - self._importance).abs_(), share)

    def _within(self, budget: int) -> Tensor:
        """1 for each entry of E that is among the `budget` most important ones, else 0."""
        parts = self._parameters.views(self._importance * self._uncertainty)
        scores = torch.cat(
            [
                parts[layer.format("E")].flatten()
                + parts[layer.format("A")].mean(dim=1)
                + parts[layer.format("B")].mean(dim=0)
                for layer in self._layers
            ]
        )
        kept = torch.zeros_like(self._kept)
        kept[scores.argsort(descending=True, stable=True)[:budget]] = 1.0
        return kept


def draw_to_orthogonality(parameters: FlatParameters, weight: float) -> None:
    """Adds the gradient of `weight` times the mean of |A A' - I| and |B' B - I| over all layers (equation 4)."""
    values, gradients = parameters.views(parameters.values), parameters.views(parameters.gradients)
    factors = [name for name in values if ".lora_A." in name or ".lora_B." in name]
    for name in factors:
        rows, into = values[name], gradients[name]
        if ".lora_B." in name:
            rows, into = rows.t(), into.t()
        off = rows @ rows.t()
        off.diagonal().sub_(1.0)
        into.add_(off @ rows, alpha=2 * weight / len(factors) / max(float(off.norm()), 1e-12))


def as_lora(
    settings: AdaLoraSettings, config: PeftConfig, tensors: Mapping[str, Tensor]
) -> tuple[LoraConfig, dict[str, Tensor]]:
    """From PEFT's own tensors. The rank is that of the layer that kept most; others are filled up with zeros."""
    layers = [name.removesuffix(".lora_E") for name in tensors if name.endswith(".lora_E")]
    rank = max(1, *(int(tensors[f"{layer}.lora_E"].count_nonzero()) for layer in layers))
    saved: dict[str, Tensor] = {}
    for layer in layers:
        strengths = tensors[f"{layer}.lora_E"]
        strongest = strengths.flatten().abs().argsort(descending=True, stable=True)[:rank]
        saved[f"{layer}.lora_A.weight"] = (strengths * tensors[f"{layer}.lora_A"])[strongest]
        saved[f"{layer}.lora_B.weight"] = tensors[f"{layer}.lora_B"][:, strongest]
    lora = LoraConfig(
        r=rank,
        lora_alpha=settings.alpha * rank / (settings.first_rank + _RANKNUM_SPARE),
        lora_dropout=settings.dropout,
        target_modules=config.target_modules,
        modules_to_save=config.modules_to_save,
        bias="none",
        task_type=config.task_type,
        inference_mode=True,
        base_model_name_or_path=config.base_model_name_or_path,
        revision=config.revision,
    )
    return lora, saved
