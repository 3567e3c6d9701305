"""Pairs of answers to the same question, as tokens: the chosen one and the rejected one, side by side."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from luthier.data.encode import EncodedSet, Overlong, encode
from luthier.data.packing import PackedRow, pack
from luthier.data.render import Renderer
from luthier.domain.datasets import Example, Role


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
    return PairSet(only_rows(chosen, both), only_rows(rejected, both))


def with_rejected(example: Example) -> Example:
    """The same question with the worse answer in the place of the better one."""
    given = example.messages[: first_learned(example)]
    return replace(example, messages=(*given, *example.rejected), rejected=())


def first_learned(example: Example) -> int:
    """The place of the first message whose words are learnt; all before it is the question."""
    learned = (at for at, each in enumerate(example.messages) if each.role is Role.ASSISTANT and each.train)
    return next(learned, len(example.messages))


def only_rows(encoded: EncodedSet, rows: set[int]) -> EncodedSet:
    """The examples that come from these rows of the source."""
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
