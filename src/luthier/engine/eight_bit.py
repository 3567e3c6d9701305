"""AdamW whose two moments take a byte each, in blocks of 256 that share a scale (Dettmers 2021, arXiv 2110.02861).

The arithmetic is that of bitsandbytes, on processors and GPUs alike. No block reaches from one tensor into the next:
beside large gradients the squares of small ones would round to nothing, and their steps would have no measure.
"""

from collections.abc import Iterator, Sequence
from importlib.util import find_spec

import torch
from torch import Tensor, nn

from luthier.domain.recipes import EightBitMissing, TrainingSettings
from luthier.engine.flat_parameters import FlatParameters, Part

_BLOCK = 256
MOMENT_BYTES_PER_VALUE = 2 * (1 + 4 / _BLOCK)  # a byte for each of two, and a scale in fp32 for every block of each
_AT_ONCE = 1 << 22  # values whose moments exist in fp32 for a moment; a multiple of the block


class EightBitAdamW:
    """As `torch.optim.AdamW` looks to the optimiser that holds it: groups with rates, and a state of tensors alone."""

    def __init__(self, parameters: FlatParameters, flat: Sequence[nn.Parameter], settings: TrainingSettings) -> None:
        """Raises EightBitMissing."""
        if find_spec("bitsandbytes") is None:
            raise EightBitMissing
        from bitsandbytes.functional import create_dynamic_map

        self.param_groups: list[dict[str, float]] = [{"lr": settings.learning_rate} for _ in flat]
        self.state: dict[nn.Parameter, dict[str, Tensor]] = {each: {} for each in flat}
        self._settings = settings
        self._pieces = {
            each: list(_pieces(parameters, part)) for each, part in zip(flat, parameters.parts, strict=True)
        }
        device = parameters.values.device
        self._signed = create_dynamic_map(signed=True).to(device)
        self._unsigned = create_dynamic_map(signed=False).to(device)

    @torch.no_grad()
    def step(self) -> None:
        for group, (flat, state) in zip(self.param_groups, self.state.items(), strict=True):
            if not state:
                state |= _nothing_yet(flat, self._pieces[flat])
            state["step"] += 1
            block = 0
            for start, end in self._pieces[flat]:
                blocks = -(-(end - start) // _BLOCK)
                self._update(flat, slice(start, end), slice(block, block + blocks), group["lr"])
                block += blocks

    def _update(self, flat: nn.Parameter, values: slice, blocks: slice, learning_rate: float) -> None:
        from bitsandbytes.functional import optimizer_update_8bit_blockwise

        assert flat.grad is not None, "gradients are gathered in a buffer that is always there"
        state, settings = self.state[flat], self._settings
        optimizer_update_8bit_blockwise(
            "adam",
            flat.grad[values],
            flat.data[values],
            state["mean"][values],
            state["square"][values],
            beta1=settings.adam_beta1,
            beta2=settings.adam_beta2,
            beta3=0.0,  # of other optimisers, as is alpha
            alpha=0.0,
            eps=settings.adam_epsilon,
            step=int(state["step"]),
            lr=learning_rate,
            qmap1=self._signed,
            qmap2=self._unsigned,
            absmax1=state["mean_scale"][blocks],
            absmax2=state["square_scale"][blocks],
            weight_decay=settings.weight_decay,
        )


def _pieces(parameters: FlatParameters, part: Part) -> Iterator[tuple[int, int]]:
    """Of each tensor within the stretch, counted from its start."""
    start = 0
    for view in parameters.views(parameters.values).values():
        end = start + view.numel()
        if part.start <= start < part.end:
            for first in range(start, end, _AT_ONCE):
                yield first - part.start, min(first + _AT_ONCE, end) - part.start
        start = end


def _nothing_yet(flat: Tensor, pieces: Sequence[tuple[int, int]]) -> dict[str, Tensor]:
    blocks = sum(-(-(end - start) // _BLOCK) for start, end in pieces)
    return {
        "step": torch.zeros((), dtype=torch.int64),
        "mean": torch.zeros_like(flat, dtype=torch.uint8),
        "square": torch.zeros_like(flat, dtype=torch.uint8),
        "mean_scale": flat.new_zeros(blocks),
        "square_scale": flat.new_zeros(blocks),
    }
