"""Keeps what was read of earlier prompts, so that the next turn of a conversation reads only what is new.

Prompts are read in blocks of a fixed size, and only whole blocks are kept: an answer is the same, bit for bit, whether
its beginning was read for it or for an earlier question.
"""

from collections import OrderedDict
from collections.abc import Sequence

from torch import Tensor
from transformers import DynamicCache, PreTrainedModel

from luthier.engine.kv_cache import can_be_cut, growing_cache

BLOCK = 256  # tokens read at once: a long prompt lets others have their turn in between
_MOST_KEPT = 6  # conversations
_MOST_BYTES = 256 << 20

Read = list[tuple[Tensor, Tensor]]  # keys and values of each layer


class Prefixes:
    """Of one base; `name` is the adapter that was on it, for which alone the keys and values hold."""

    def __init__(self, model: PreTrainedModel) -> None:
        self._model = model
        self._kept: OrderedDict[tuple[str | None, tuple[int, ...]], Read] = OrderedDict()

    def begin(self, name: str | None, prompt: Sequence[int]) -> tuple[DynamicCache, int]:
        """A cache to go on with, and how many tokens of the prompt it holds; at least one is left to be read."""
        cache = growing_cache(self._model)
        ids = tuple(prompt)
        best = max(
            ((size, key) for key in self._kept if key[0] == name and (size := _shared(key[1], ids))),
            default=(0, None),
            key=lambda found: found[0],
        )
        size, key = best
        if key is None:
            return cache, 0
        self._kept.move_to_end(key)
        for layer, (keys, values) in zip(cache.layers, self._kept[key], strict=True):
            layer.update(keys[:, :, :size], values[:, :, :size])
        return cache, size

    def keep(self, name: str | None, prompt: Sequence[int], cache: DynamicCache) -> None:
        """Of an answer that has ended."""
        size = len(prompt) // BLOCK * BLOCK
        if size == 0 or not can_be_cut(cache):
            return
        read = [(layer.keys[:, :, :size].clone(), layer.values[:, :, :size].clone()) for layer in cache.layers]
        self._kept[(name, tuple(prompt[:size]))] = read
        while len(self._kept) > _MOST_KEPT or (len(self._kept) > 1 and self._bytes > _MOST_BYTES):
            self._kept.popitem(last=False)

    def forget(self, name: str) -> None:
        """An adapter that is no longer on the base."""
        for key in [key for key in self._kept if key[0] == name]:
            del self._kept[key]

    @property
    def _bytes(self) -> int:
        return sum(keys.nbytes + values.nbytes for read in self._kept.values() for keys, values in read)


def _shared(kept: Sequence[int], prompt: Sequence[int]) -> int:
    """Whole blocks that both begin with, short of all of the prompt."""
    size = 0
    while size + BLOCK < len(prompt) and kept[size : size + BLOCK] == prompt[size : size + BLOCK]:
        size += BLOCK
    return size
