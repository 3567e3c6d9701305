"""Chance that can be repeated: each draw is a function of the seed and of what is drawn, and of nothing before it."""

import hashlib
from collections.abc import Sequence
from typing import TypeVar

T = TypeVar("T")


class Luck:
    """A change in one place of a scenario leaves the draws for all others as they were."""

    def __init__(self, seed: int, about: str) -> None:
        """`about` tells scenarios apart, so that one seed does not give all of them the same people."""
        self._seed = seed
        self._about = about

    def below(self, bound: int, *what: object) -> int:
        """Evenly from 0 to bound - 1; of 64 bits, so that the rest of the division is of no weight."""
        text = "\x1f".join(str(part) for part in (self._seed, self._about, *what))
        return int.from_bytes(hashlib.blake2b(text.encode(), digest_size=8).digest(), "big") % bound

    def between(self, low: int, high: int, *what: object) -> int:
        return low + self.below(high - low + 1, *what)

    def one_of(self, options: Sequence[T], *what: object) -> T:
        return options[self.below(len(options), *what)]
