"""Pairs of answers to the same question, as tokens: the chosen one and the rejected one, side by side."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from luthier.data.encode import EncodedSet, Overlong, encode
from luthier.data.packing import PackedRow, pack
from luthier.data.render import Renderer
from luthier.domain.datasets import DatasetHasNoPairs, Example, Role
from luthier.domain.recipes import PREFERENCE_METHODS, Method


@dataclass(frozen=True)
class PairSet:
    """Pair i is example i of both. A pair of which one side could not be used is in neither."""

    chosen: EncodedSet
    rejected: EncodedSet

    def __len__(self) -> int:
        return len(self.chosen)

    @cached_property
    def lengths(self) -> list[int]:
        """Tokens of both sides together."""
        return [int(length) for length in self.chosen.lengths + self.rejected.lengths]

    def packed(self, indices: Sequence[int]) -> PackedRow:
        """Chosen and rejected by turns."""
        sides = [(side, index) for index in indices for side in (self.chosen, self.rejected)]
        return pack([side.ids_of(index) for side, index in sides], [side.supervised_of(index) for side, index in sides])


def refuse_without_pairs(method: Method, source: str, examples: Iterable[Example]) -> None:
    """Raises DatasetHasNoPairs when `method` needs what an example lacks."""
    if method in PREFERENCE_METHODS:
        for example in examples:
            if not example.rejected:
                raise DatasetHasNoPairs(method=method, row=example.row, source=source)


def encode_pairs(
    examples: Sequence[Example],
    renderer: Renderer,
    *,
    max_length: int,
    overlong: Overlong,
    on_progress: Callable[[int], None],
) -> PairSet:
    """Both sides of every example; `on_progress` gets the number of sides done, and may raise to stop."""

    def side(of: Sequence[Example], before: int) -> EncodedSet:
        return encode(
            of,
            renderer,
            max_length=max_length,
            overlong=overlong,
            on_progress=lambda done: on_progress(before + done),
        )

    chosen, rejected = side(examples, 0), side([with_rejected(example) for example in examples], len(examples))
    both = set(chosen.rows.tolist()) & set(rejected.rows.tolist())
    return PairSet(_only(chosen, both), _only(rejected, both))


def with_rejected(example: Example) -> Example:
    """The same question with the worse answer in the place of the better one."""
    learned = (at for at, each in enumerate(example.messages) if each.role is Role.ASSISTANT and each.train)
    given = example.messages[: next(learned, len(example.messages))]
    return replace(example, messages=(*given, *example.rejected), rejected=())


def _only(encoded: EncodedSet, rows: set[int]) -> EncodedSet:
    kept = [index for index, row in enumerate(encoded.rows.tolist()) if row in rows]
    if len(kept) == len(encoded):
        return encoded
    offsets = np.zeros(len(kept) + 1, dtype=np.int64)
    np.cumsum([len(encoded.ids_of(index)) for index in kept], out=offsets[1:])
    nothing = np.zeros(0, dtype=np.uint32)
    return replace(
        encoded,
        ids=np.concatenate([encoded.ids_of(index) for index in kept]) if kept else nothing,
        supervised=np.concatenate([encoded.supervised_of(index) for index in kept]) if kept else nothing.astype(bool),
        offsets=offsets,
        rows=encoded.rows[kept],
    )
