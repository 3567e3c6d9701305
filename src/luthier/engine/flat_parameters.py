"""All trained tensors as one fp32 buffer, so that an update, a norm, a copy or a checkpoint is one operation."""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.utils.hooks import RemovableHandle


@dataclass(frozen=True)
class Part:
    """A stretch of the buffer that learns at `rate` times the learning rate."""

    rate: float
    start: int
    end: int


class FlatParameters:
    """The modules' parameters become views: of `values` where they compute in fp32, else of a copy in `precision`.

    Gradients are gathered in fp32 whatever the precision (Micikevicius et al. 2017, arXiv 1710.03740).
    """

    def __init__(
        self,
        named: Mapping[str, nn.Parameter],
        precision: torch.dtype = torch.float32,
        rate_of: Callable[[str], float] = lambda _: 1.0,
    ) -> None:
        self.names = tuple(sorted(named, key=lambda name: (rate_of(name), name)))
        self.shapes = {name: tuple(named[name].shape) for name in self.names}
        self.values = self._gathered(named)
        self.gradients = torch.zeros_like(self.values)
        self.parts = self._parts(rate_of)
        self.fixed: Tensor | None = None  # True where a value is not trained
        self._computed = self.values if precision == torch.float32 else self.values.to(precision)
        computed, gradients = self.views(self._computed), self.views(self.gradients)
        self._named = dict(named)
        self._hooks: list[RemovableHandle] = []
        for name, parameter in named.items():
            parameter.data = computed[name]
            if self._computed is self.values:
                parameter.grad = gradients[name]
            else:
                self._hooks.append(parameter.register_post_accumulate_grad_hook(_gather_into(gradients[name])))

    def assign(self, tensors: Mapping[str, Tensor]) -> None:
        """Replaces every value; `tensors` carries the names of `views`."""
        for name, view in self.views(self.values).items():
            view.copy_(tensors[name])

    def refresh(self) -> None:
        """After the values have changed: brings up to date what the modules compute with."""
        if self._computed is not self.values:
            self._computed.copy_(self.values)

    def let_go(self) -> None:
        """The modules keep what they compute with, and are views of nothing here any more."""
        for hook in self._hooks:
            hook.remove()
        for parameter in self._named.values():
            parameter.data, parameter.grad = parameter.data.clone(), None
        self._named, self._hooks, self._computed = {}, [], self.values

    def fix(self, parts: Mapping[str, tuple[slice, ...]]) -> None:
        """These parts of the named tensors keep their values for ever."""
        self.fixed = torch.zeros_like(self.values, dtype=torch.bool)
        views = self.views(self.fixed)
        for name, place in parts.items():
            views[name][place] = True

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

    def _gathered(self, named: Mapping[str, nn.Parameter]) -> Tensor:
        """One by one: all of them in fp32 beside the buffer would leave a hole of its size behind."""
        size, device = sum(map(math.prod, self.shapes.values())), next(iter(named.values())).device
        values = torch.empty(size, dtype=torch.float32, device=device)
        for name, view in self.views(values).items():
            view.copy_(named[name].detach())
        return values

    def _parts(self, rate_of: Callable[[str], float]) -> tuple[Part, ...]:
        parts: list[Part] = []
        start = 0
        for name in self.names:
            end = start + math.prod(self.shapes[name])
            if parts and parts[-1].rate == rate_of(name):
                parts[-1] = Part(parts[-1].rate, parts[-1].start, end)
            else:
                parts.append(Part(rate_of(name), start, end))
            start = end
        return tuple(parts)


def _gather_into(gradient: Tensor) -> Callable[[Tensor], None]:
    def gather(parameter: Tensor) -> None:
        assert parameter.grad is not None, "the hook runs when there is a gradient"
        gradient.add_(parameter.grad)
        parameter.grad = None

    return gather
