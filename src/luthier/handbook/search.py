"""What of the handbook answers a few words: every word must be there; in a name it counts more than in a text."""

import re
from collections.abc import Iterator
from functools import cache
from typing import NamedTuple

from luthier.domain.help import Hit
from luthier.handbook.documents import documents
from luthier.handbook.entries import terms, topics
from luthier.kit.frozen import Frozen

_NOTE_CHARACTERS = 140
_WORD = re.compile(r"[\w.@-]+")


class Rank(NamedTuple):
    """The greater, the better."""

    names_it: int  # words that stand in the name
    begins: bool
    shorter: int


class Candidate(Frozen):
    hit: Hit
    names: str
    text: str


def find(words: str, most: int) -> list[Hit]:
    """Best first. No words find nothing."""
    wanted = words_in(words)
    if not wanted:
        return []
    ranked = [(rank, each.hit) for each in _all() if (rank := rank_of(wanted, each.names, each.text))]
    ranked.sort(key=lambda pair: pair[0], reverse=True)
    return [hit for _, hit in ranked[:most]]


def words_in(text: str) -> list[str]:
    return _WORD.findall(text.casefold())


def rank_of(wanted: list[str], names: str, text: str = "") -> Rank | None:
    """None when a word is missing. A word may be the beginning of another one."""
    own, others = names.casefold(), text.casefold()
    in_names = [word for word in wanted if _stands_in(word, own)]
    if any(word not in in_names and not _stands_in(word, others) for word in wanted):
        return None
    return Rank(len(in_names), own.startswith(wanted[0]), -len(own))


def _stands_in(word: str, text: str) -> bool:
    return re.search(rf"(?<!\w){re.escape(word)}", text) is not None


@cache
def _all() -> tuple[Candidate, ...]:
    return tuple(_candidates())


def _candidates() -> Iterator[Candidate]:
    for topic in topics().values():
        if topic.is_one_page:
            hit = Hit(kind="page", label=topic.title, note=topic.says, address=topic.path)
            yield Candidate(hit=hit, names=topic.title, text=topic.says)
    for term in terms().values():
        hit = Hit(kind="term", label=term.term, note=term.says, address=term.address)
        yield Candidate(hit=hit, names=" ".join((term.term, *term.also)), text=term.says)
    for document in documents().values():
        for section in document.sections:
            heading = section.heading or document.title
            place = f"{document.address}{f'#{section.anchor}' if section.anchor else ''}"
            label = heading if heading == document.title else f"{document.title}: {heading}"
            hit = Hit(kind="guide", label=label, note=_beginning(section.text), address=place)
            yield Candidate(hit=hit, names=label, text=section.text)


def _beginning(text: str) -> str:
    flat = " ".join(text.split())
    return flat if len(flat) <= _NOTE_CHARACTERS else f"{flat[: _NOTE_CHARACTERS - 1].rstrip()}…"
