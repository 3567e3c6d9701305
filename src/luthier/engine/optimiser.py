"""The update: AdamW on flat fp32 values, with clipping; the learning rate is a function of the step alone."""

import math

import torch
from torch import Tensor, nn

from luthier.domain.recipes import TrainingSettings
from luthier.engine.flat_parameters import FlatParameters, Part


class Optimiser:
    """AdamW (Loshchilov & Hutter 2017, arXiv 1711.05101) with global norm clipping.

    Where parts learn at rates of their own (LoRA+, Hayou et al. 2024, arXiv 2402.12354), all follow one schedule.
    """

    def __init__(self, parameters: FlatParameters, settings: TrainingSettings, total_steps: int) -> None:
        self._parameters = parameters
        self._settings = settings
        self._total_steps = total_steps
        self._flat = [_stretch(parameters, part) for part in parameters.parts]
        self._adam = torch.optim.AdamW(
            [{"params": [flat]} for flat in self._flat],
            lr=settings.learning_rate,
            betas=(settings.adam_beta1, settings.adam_beta2),
            eps=settings.adam_epsilon,
            weight_decay=settings.weight_decay,
            fused=True,
        )

    def gradient_norm(self) -> float:
        """Of what is trained; values that are fixed get no gradient from here on."""
        if self._parameters.fixed is not None:
            self._parameters.gradients.masked_fill_(self._parameters.fixed, 0.0)
        return float(torch.linalg.vector_norm(self._parameters.gradients))

    def update(self, step: int, gradient_norm: float, settings: TrainingSettings) -> float:
        """Applies the gathered gradients as the 1-based `step`, empties them, and returns the learning rate used.

        The peak rate and the limit of the norm are those of `settings`: a remedy may have changed them for this step.
        """
        parameters, limit = self._parameters, settings.max_gradient_norm
        if gradient_norm > limit:
            parameters.gradients.mul_(limit / gradient_norm)
        learning_rate = settings.learning_rate * self.rate_share(step)
        for group, part in zip(self._adam.param_groups, parameters.parts, strict=True):
            group["lr"] = learning_rate * part.rate
        kept = None if parameters.fixed is None else parameters.values[parameters.fixed]
        self._adam.step()
        if kept is not None:  # weight decay reaches what has no gradient too
            parameters.values[parameters.fixed] = kept
        parameters.gradients.zero_()
        return learning_rate

    def rate_share(self, step: int) -> float:
        """The share of the peak learning rate at the 1-based `step`."""
        return schedule_share(step, self._total_steps, self._settings)

    def moments(self) -> dict[str, Tensor]:
        """Empty before the first step."""
        return {
            f"{self._prefix(number)}{name}": value
            for number, flat in enumerate(self._flat)
            for name, value in self._adam.state[flat].items()
        }

    def restore(self, moments: dict[str, Tensor]) -> None:
        for number, flat in enumerate(self._flat):
            prefix = self._prefix(number)
            mine = {name[len(prefix) :]: value for name, value in moments.items() if name.startswith(prefix)}
            self._adam.state[flat] = mine

    def _prefix(self, number: int) -> str:
        return "" if len(self._flat) == 1 else f"{number}."


def _stretch(parameters: FlatParameters, part: Part) -> nn.Parameter:
    flat = nn.Parameter(parameters.values[part.start : part.end])
    flat.grad = parameters.gradients[part.start : part.end]
    return flat


def schedule_share(step: int, total_steps: int, settings: TrainingSettings) -> float:
    """The share of the peak learning rate at the 1-based `step`; the warm-up's last step and the next are at 1."""
    warm = math.ceil(settings.warmup_ratio * total_steps)
    if step <= warm:
        return step / warm
    progress = (step - 1 - warm) / max(1, total_steps - warm)
    match settings.schedule:
        case "constant":
            return 1.0
        case "linear":
            return 1.0 - progress
        case "cosine":
            return 0.5 * (1.0 + math.cos(math.pi * progress))
