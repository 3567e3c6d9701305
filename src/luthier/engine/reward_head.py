"""The head of a reward model: one number for a whole conversation, read at its last token."""

from collections.abc import Iterator
from contextlib import contextmanager

import torch
from torch import Tensor, nn
from transformers import PreTrainedModel

from luthier.data.packing import PackedRow
from luthier.engine.forward import hidden_states

NAME = "score"  # as transformers' classes for sequence classification call it


class RewardHead(nn.Linear):
    """Begins at random, as transformers would begin it."""

    def __init__(self, model: PreTrainedModel, dtype: torch.dtype) -> None:
        super().__init__(model.config.hidden_size, 1, bias=False)
        nn.init.normal_(self.weight, std=model.config.initializer_range)
        self.to(model.device, dtype)
        self._began = self.weight.detach().clone()

    @contextmanager
    def as_it_began(self) -> Iterator[None]:
        tuned = self.weight.data
        self.weight.data = self._began
        try:
            yield
        finally:
            self.weight.data = tuned

    def rewards(self, model: PreTrainedModel, row: PackedRow) -> Tensor:
        """[examples], fp32, in the machine's memory. The model must be inside `packed_attention`."""
        last = torch.from_numpy(row.boundaries[1:]) - 1
        hidden = hidden_states(model, row)[last]
        rewards = (hidden.float() * self.weight.float()).sum(dim=1)  # not a product that autocast would round
        return rewards.cpu()
