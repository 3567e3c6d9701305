"""How many questions hold a word or pair of words: counted in a table of fixed size, never too low."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from luthier.data.quality.hashing import Hashes, Ids, phrase_hashes

_SLOTS = 1 << 22  # 16 MiB; a slot that two phrases share counts both, which can only make a phrase less rare
_READ = 2_000  # characters of a question


class PhraseCounts:
    def __init__(self) -> None:
        self._counts = np.zeros(_SLOTS, dtype=np.uint32)

    def add(self, questions: Sequence[str]) -> None:
        hashes = phrases_in(questions)
        np.add.at(self._counts, (hashes.values % np.uint64(_SLOTS)).astype(np.int64), 1)

    def of(self, phrases: Ids) -> NDArray[np.int64]:
        return self._counts[(phrases % np.uint64(_SLOTS)).astype(np.int64)].astype(np.int64)


def phrases_in(questions: Sequence[str]) -> Hashes:
    """Each word and pair of words of a question once."""
    hashes = phrase_hashes([question[:_READ] for question in questions])
    order = np.lexsort((hashes.values, hashes.owners))
    values, owners = hashes.values[order], hashes.owners[order]
    once = np.ones(len(values), dtype=np.bool_)
    once[1:] = (values[1:] != values[:-1]) | (owners[1:] != owners[:-1])
    return Hashes(values[once], owners[once])
