"""A rendered example before it becomes tokens: pieces of text that are tokenised one by one."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import NamedTuple

from luthier.data.spans import Span


class Piece(NamedTuple):
    """Text, or ids that need no tokenizer. Learned as a whole, not at all, or within `spans` of its characters."""

    text: str
    is_learned: bool = False
    spans: tuple[Span, ...] = ()
    ids: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Draft:
    pieces: tuple[Piece, ...]
    missed: tuple[int, ...] = ()  # messages that should be trained and that the text does not hold as they are
    prompt_differs: tuple[int, ...] = ()  # messages that generation will open otherwise than training does
    written_as_text: frozenset[str] = frozenset()  # parts for which the template has no words

    @property
    def text(self) -> str:
        return "".join(piece.text for piece in self.pieces)


def cut(text: str, spans: Sequence[Span], closing_tokens: tuple[str, ...]) -> tuple[Piece, ...]:
    """Cuts where an answer begins: at generation the prompt is a whole of its own, so no token may reach across.

    It is also cut after an answer that one of `closing_tokens` ends: no other token can be part of that one.
    """
    ends = {span.end for span in spans if text.endswith(closing_tokens, span.start, span.end)}
    cuts = sorted({0, len(text)} | {span.start for span in spans} | ends)
    pieces = []
    for start, end in pairwise(cuts):
        within = tuple(
            Span(max(span.start, start) - start, min(span.end, end) - start)
            for span in spans
            if span.start < end and span.end > start
        )
        is_whole = within == (Span(0, end - start),)
        pieces.append(Piece(text[start:end], is_learned=is_whole, spans=() if is_whole else within))
    return tuple(pieces)
