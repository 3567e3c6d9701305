"""Chooses tokens so that an answer is one JSON object: what cannot become one is left out of the draw."""

import torch
from torch import Tensor

from luthier.data.answers.json_text import JsonText
from luthier.engine.sampling import Sampler
from luthier.engine.text_stream import HALF, TextStream


class JsonChoice:
    def __init__(self, sampler: Sampler, stream: TextStream, stops: frozenset[int]) -> None:
        """`stream` is that of the answer; it is looked at and not changed."""
        self._sampler = sampler
        self._stream = stream
        self._ruled_out = torch.tensor(sorted(stops), dtype=torch.long)
        self._place = JsonText()

    @property
    def is_whole(self) -> bool:
        return self._place.is_whole

    def choose(self, logits: Tensor) -> int:
        """Draws again until a token fits, each time among those that are left."""
        left = logits.clone()
        left[self._ruled_out] = -torch.inf
        while True:
            token = self._sampler.choose(left)
            place = self._after(token)
            if place is not None:
                self._place = place
                return token
            left[token] = -torch.inf
            assert left.max() > -torch.inf, "one of the tokens of a vocabulary goes on with a JSON text"

    def _after(self, token: int) -> JsonText | None:
        """Half a character may only stand in a string; a token without text would lead nowhere."""
        text = self._stream.peek(token)
        whole = text.rstrip(HALF)
        place = self._place.after(whole)
        if place is None or text == whole:
            return place if text else None
        return place if place.is_in_string and not place.part else None
