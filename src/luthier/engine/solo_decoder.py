"""One sequence that reads its prompt in blocks and then grows by a token at a time, on a cache that may hold a part."""

from collections.abc import Sequence

import torch
from torch import Tensor
from transformers import DynamicCache, PreTrainedModel

from luthier.engine.prefixes import BLOCK


class SoloDecoder:
    """`logits` [vocabulary] speak of the token that comes next, once the prompt `is_read`."""

    def __init__(self, model: PreTrainedModel, prompt: Sequence[int], cache: DynamicCache, held: int) -> None:
        """`held` tokens of the prompt are in the cache already; at least one is not."""
        self._model = model
        self._unread = torch.tensor(prompt[held:], dtype=torch.long, device=model.device)
        self.cache = cache
        self.logits = torch.empty(0)

    @property
    def is_read(self) -> bool:
        return len(self._unread) == 0

    def read_block(self) -> bool:
        """Whether that was the last one."""
        block, self._unread = self._unread[:BLOCK], self._unread[BLOCK:]
        self._forward(block)
        return self.is_read

    def step(self, token: int) -> None:
        self._forward(torch.tensor([token], dtype=torch.long, device=self._model.device))

    @torch.no_grad()
    def _forward(self, ids: Tensor) -> None:
        output = self._model(input_ids=ids[None], past_key_values=self.cache, use_cache=True, logits_to_keep=1)
        self.logits = output.logits[0, -1].float().cpu()  # where tokens are drawn
