"""The update: AdamW on one flat fp32 buffer, with clipping; the learning rate is a function of the step alone."""

import math

import torch
from torch import Tensor, nn

from luthier.domain.recipes import TrainingSettings


class FlatParameters:
    """All trainable tensors laid end to end; the modules' parameters and gradients become views into two buffers.

    One buffer makes an update, a norm, a copy or a checkpoint one operation instead of four hundred.
    """

    def __init__(self, named: dict[str, nn.Parameter]) -> None:
        self.names = tuple(sorted(named))
        self.shapes = {name: tuple(named[name].shape) for name in self.names}
        self.values = torch.cat([named[name].detach().reshape(-1).float() for name in self.names])
        self.gradients = torch.zeros_like(self.values)
        values, gradients = self.views(self.values), self.views(self.gradients)
        for name, parameter in named.items():
            parameter.data = values[name]
            parameter.grad = gradients[name]

    def assign(self, tensors: dict[str, Tensor]) -> None:
        """Replaces every value; `tensors` carries the names of `views`."""
        for name, view in self.views(self.values).items():
            view.copy_(tensors[name])

    def views(self, flat: Tensor) -> dict[str, Tensor]:
        """`flat` cut up as the parameters are, without copying."""
        parts = {}
        start = 0
        for name in self.names:
            shape = self.shapes[name]
            end = start + math.prod(shape)
            parts[name] = flat[start:end].view(shape)
            start = end
        return parts


class Optimiser:
    """AdamW (Loshchilov & Hutter 2017, arXiv 1711.05101) with global norm clipping."""

    def __init__(self, parameters: FlatParameters, settings: TrainingSettings, total_steps: int) -> None:
        self._parameters = parameters
        self._settings = settings
        self._total_steps = total_steps
        self._flat = nn.Parameter(parameters.values)
        self._flat.grad = parameters.gradients
        self._adam = torch.optim.AdamW(
            [self._flat],
            lr=settings.learning_rate,
            betas=(settings.adam_beta1, settings.adam_beta2),
            eps=settings.adam_epsilon,
            weight_decay=settings.weight_decay,
            fused=True,
        )

    def gradient_norm(self) -> float:
        return float(torch.linalg.vector_norm(self._parameters.gradients))

    def update(self, step: int, gradient_norm: float) -> float:
        """Applies the gathered gradients as the 1-based `step`, empties them, and returns the learning rate used."""
        limit = self._settings.max_gradient_norm
        if gradient_norm > limit:
            self._parameters.gradients.mul_(limit / gradient_norm)
        learning_rate = self._settings.learning_rate * schedule_share(step, self._total_steps, self._settings)
        self._adam.param_groups[0]["lr"] = learning_rate
        self._adam.step()
        self._parameters.gradients.zero_()
        return learning_rate

    def moments(self) -> dict[str, Tensor]:
        """Empty before the first step."""
        return dict(self._adam.state[self._flat])

    def restore(self, moments: dict[str, Tensor]) -> None:
        self._adam.state[self._flat] = dict(moments)


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
