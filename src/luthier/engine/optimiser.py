"""The update: AdamW on flat fp32 values, with clipping; the learning rate is a function of the step alone."""

import math

import torch
from torch import Tensor, nn

from luthier.domain.recipes import TrainingSettings
from luthier.engine.adalora import RankAllocator
from luthier.engine.eight_bit import MOMENT_BYTES_PER_VALUE, EightBitAdamW
from luthier.engine.flat_parameters import FlatParameters, Part

_RANKS = "ranks."


class Optimiser:
    """AdamW (Loshchilov & Hutter 2017, arXiv 1711.05101) with global norm clipping.

    Where parts learn at rates of their own (LoRA+, Hayou et al. 2024, arXiv 2402.12354), all follow one schedule.
    """

    def __init__(
        self,
        parameters: FlatParameters,
        settings: TrainingSettings,
        total_steps: int,
        ranks: RankAllocator | None = None,
    ) -> None:
        """`ranks` cuts an adapter to its budget after each update."""
        self._parameters = parameters
        self._ranks = ranks
        self._settings = settings
        self._total_steps = total_steps
        self._flat = [_stretch(parameters, part) for part in parameters.parts]
        if settings.optimiser == "adamw_8bit":
            self._adam: EightBitAdamW | torch.optim.AdamW = EightBitAdamW(parameters, self._flat, settings)
            self._bytes_per_value = MOMENT_BYTES_PER_VALUE
        else:
            self._adam = _adamw(self._flat, settings)
            self._bytes_per_value = 2.0 * parameters.values.element_size()

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
        if self._ranks is not None:
            self._ranks.after_update(step)
        parameters.gradients.zero_()
        return learning_rate

    def rate_share(self, step: int) -> float:
        """The share of the peak learning rate at the 1-based `step`."""
        return schedule_share(step, self._total_steps, self._settings)

    def moments(self) -> dict[str, Tensor]:
        """And what besides follows from the steps before. Adam has none before the first one."""
        moments = {
            f"{self._prefix(number)}{name}": value
            for number, flat in enumerate(self._flat)
            for name, value in self._adam.state[flat].items()
        }
        ranks = {} if self._ranks is None else self._ranks.state()
        return moments | {f"{_RANKS}{name}": value for name, value in ranks.items()}

    @property
    def moment_bytes(self) -> int:
        """Of all that `moments` has after the first step."""
        ranks = {} if self._ranks is None else self._ranks.state()
        of_adam = self._parameters.values.numel() * self._bytes_per_value
        return round(of_adam) + sum(value.nbytes for value in ranks.values())

    def restore(self, moments: dict[str, Tensor]) -> None:
        if self._ranks is not None:
            self._ranks.restore(
                {name[len(_RANKS) :]: moments.pop(name) for name in list(moments) if name.startswith(_RANKS)}
            )
        for number, flat in enumerate(self._flat):
            prefix = self._prefix(number)
            mine = {
                name[len(prefix) :]: value.to(flat.device) for name, value in moments.items() if name.startswith(prefix)
            }
            self._adam.state[flat] = mine

    def _prefix(self, number: int) -> str:
        return "" if len(self._flat) == 1 else f"{number}."


def _adamw(flat: list[nn.Parameter], settings: TrainingSettings) -> torch.optim.AdamW:
    return torch.optim.AdamW(
        [{"params": [each]} for each in flat],
        lr=settings.learning_rate,
        betas=(settings.adam_beta1, settings.adam_beta2),
        eps=settings.adam_epsilon,
        weight_decay=settings.weight_decay,
        fused=True,
    )


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
