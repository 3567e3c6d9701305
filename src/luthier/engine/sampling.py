"""The next token from logits: the likeliest, or one drawn by temperature and nucleus from a stream of its own."""

import torch
from torch import Tensor


class Sampler:
    """`temperature` 0 is greedy. The same seed draws the same tokens, whatever else the process does."""

    def __init__(self, temperature: float, top_p: float, seed: int) -> None:
        self._temperature = temperature
        self._top_p = top_p
        self._generator = torch.Generator().manual_seed(seed)

    def choose(self, logits: Tensor) -> int:
        """`logits` [vocabulary], fp32."""
        if self._temperature <= 0:
            return int(logits.argmax())
        probabilities, tokens = (logits / self._temperature).softmax(-1).sort(descending=True, stable=True)
        # The smallest set that reaches top_p (Holtzman et al. 2020, arXiv 1904.09751); the first is always in it.
        outside = probabilities.cumsum(0) - probabilities >= self._top_p
        outside[0] = False
        probabilities = probabilities.masked_fill(outside, 0.0)
        return int(tokens[torch.multinomial(probabilities, 1, generator=self._generator)])
