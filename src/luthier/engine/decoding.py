"""Sequences that grow by one token at a time, in one batch, with the keys and values of what came before kept."""

from collections.abc import Sequence

import torch
from torch import Tensor
from transformers import PreTrainedModel

from luthier.engine.kv_cache import growing_cache


class Decoder:
    """Reads all prompts at once; then every `step` gives each row one more token.

    `logits` [rows, vocabulary] always speak of the token that comes next. Prompts must not be empty. Rows are padded
    on the left, where the mask hides it, so that all of them end in the same column.
    """

    def __init__(self, model: PreTrainedModel, prompts: Sequence[Sequence[int]]) -> None:
        self._model = model
        self._cache = growing_cache(model)
        longest = max(len(prompt) for prompt in prompts)
        ids = torch.zeros(len(prompts), longest, dtype=torch.long, device=model.device)
        self._mask = torch.zeros_like(ids)
        for row, prompt in enumerate(prompts):
            ids[row, longest - len(prompt) :] = torch.tensor(prompt)
            self._mask[row, longest - len(prompt) :] = 1
        positions = (self._mask.cumsum(1) - 1).clamp(min=0)
        self._last_position = model.config.max_position_embeddings - 1
        self._next_positions = self._after(positions[:, -1:])
        self.logits = self._forward(ids, positions)

    def step(self, tokens: Sequence[int]) -> None:
        """One more token for each row."""
        self._mask = torch.cat([self._mask, self._mask.new_ones(len(tokens), 1)], dim=1)
        self.logits = self._forward(torch.tensor(tokens, device=self._mask.device).unsqueeze(1), self._next_positions)
        self._next_positions = self._after(self._next_positions)

    def keep(self, rows: Sequence[int]) -> None:
        """The other rows leave the batch."""
        chosen = torch.tensor(rows, dtype=torch.long, device=self._mask.device)
        self._cache.batch_select_indices(chosen)
        self._mask = self._mask[chosen]
        self._next_positions = self._next_positions[chosen]
        self.logits = self.logits[chosen]

    def _after(self, positions: Tensor) -> Tensor:
        """A row that is done but still in the batch must not ask for a position that the model does not have."""
        return (positions + 1).clamp(max=self._last_position)

    @torch.no_grad()
    def _forward(self, ids: Tensor, positions: Tensor) -> Tensor:
        output = self._model(
            input_ids=ids,
            attention_mask=self._mask,
            position_ids=positions,
            past_key_values=self._cache,
            use_cache=True,
            logits_to_keep=1,
        )
        return output.logits[:, -1].float()
