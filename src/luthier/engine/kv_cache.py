"""Keys and values of what was read so far, kept in buffers with room to grow: a new token copies nothing old."""

from typing import Any

from torch import Tensor
from transformers import DynamicCache, PreTrainedModel
from transformers.cache_utils import DynamicLayer

_ROOM = 64  # tokens; growing copies everything once, room costs memory


def growing_cache(model: PreTrainedModel) -> DynamicCache:
    """Layers with a sliding window keep transformers' own cache, which does not grow beyond the window."""
    cache = DynamicCache(config=model.config)
    cache.layers = [_GrowingLayer() if type(layer) is DynamicLayer else layer for layer in cache.layers]
    return cache


def can_be_cut(cache: DynamicCache) -> bool:
    """Whether it still holds every token; a sliding window has thrown the early ones away."""
    return all(isinstance(layer, _GrowingLayer) for layer in cache.layers)


class _GrowingLayer(DynamicLayer):
    """`keys` and `values` are the filled part of larger buffers [rows, kv_heads, capacity, width]."""

    def update(self, key_states: Tensor, value_states: Tensor, *_: Any, **__: Any) -> tuple[Tensor, Tensor]:
        if not self.is_initialized:
            self.lazy_initialization(key_states, value_states)
            self._key_buffer = self._value_buffer = key_states[:, :, :0]
        filled = self.get_seq_length()
        end = filled + key_states.shape[2]
        if end > self._key_buffer.shape[2]:
            self._key_buffer = _enlarged(self._key_buffer, filled, end + _ROOM)
            self._value_buffer = _enlarged(self._value_buffer, filled, end + _ROOM)
        self._key_buffer[:, :, filled:end] = key_states
        self._value_buffer[:, :, filled:end] = value_states
        self.keys, self.values = self._key_buffer[:, :, :end], self._value_buffer[:, :, :end]
        return self.keys, self.values

    def batch_select_indices(self, indices: Tensor) -> None:
        filled = self.get_seq_length()
        if filled == 0:
            return
        self._key_buffer, self._value_buffer = self._key_buffer[indices], self._value_buffer[indices]
        self.keys, self.values = self._key_buffer[:, :, :filled], self._value_buffer[:, :, :filled]


def _enlarged(buffer: Tensor, filled: int, capacity: int) -> Tensor:
    rows, heads, _, width = buffer.shape
    larger = buffer.new_empty(rows, heads, capacity, width)
    larger[:, :, :filled] = buffer[:, :, :filled]
    return larger
