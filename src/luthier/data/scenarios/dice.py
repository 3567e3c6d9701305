"""Dice in the usual notation: 1d20, 2d6, 2d20kh1 (keep the highest one), 4d6kl3 (keep the lowest three)."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

_FORM = re.compile(r"(\d{0,3})d(\d{1,4})(?:k([hl])(\d{1,3}))?", re.IGNORECASE | re.ASCII)


@dataclass(frozen=True, slots=True)
class Dice:
    count: int
    sides: int
    keep: int
    highest: bool = True

    def kept(self, rolls: Sequence[int]) -> list[int]:
        """Those that count, of `rolls` as they fell."""
        return sorted(rolls, reverse=self.highest)[: self.keep]

    def __str__(self) -> str:
        kept = "" if self.keep == self.count else f"k{'h' if self.highest else 'l'}{self.keep}"
        return f"{self.count}d{self.sides}{kept}"


def dice_of(text: str) -> Dice | None:
    """None for what is no dice; `d20` is one die of 20 sides."""
    match = _FORM.fullmatch(text.strip())
    if match is None:
        return None
    count = int(match[1] or 1)
    keep = int(match[4] or count)
    if not (1 <= keep <= count and int(match[2]) > 1):
        return None
    return Dice(count, int(match[2]), keep, (match[3] or "h").lower() == "h")
