"""The short texts of the handbook, read once from their files: terms, tips and topics, each checked for its form."""

import re
import tomllib
from collections.abc import Iterator
from functools import cache
from importlib.resources import files
from typing import Any, TypeVar

from luthier.domain.help import Shortcut, Term, Tip, Topic
from luthier.kit.frozen import Frozen

Entry = TypeVar("Entry", Term, Tip, Topic)


class PaletteAction(Frozen):
    """Something to do that the palette offers."""

    label: str
    also: str  # what it does, with other words for it
    address: str


@cache
def actions() -> tuple[PaletteAction, ...]:
    return tuple(PaletteAction(**body) for each in _files("actions") for body in each["actions"])


@cache
def shortcuts() -> tuple[Shortcut, ...]:
    """Keys that work everywhere; those of the places in the rail follow from it."""
    return tuple(Shortcut(**body) for each in _files("shortcuts") for body in each["shortcuts"])


@cache
def terms() -> dict[str, Term]:
    """By key, in the order of the alphabet."""
    found = [Term(key=key, **body) for each in _files("terms") for key, body in each.items()]
    return _by(sorted(found, key=lambda term: term.term.casefold()), "key")


@cache
def tips() -> dict[str, Tip]:
    """By key: the group and the name, with a dot between them."""
    return _by(
        [
            Tip(key=f"{group}.{name}", **body)
            for each in _files("tips")
            for group, members in each.items()
            for name, body in members.items()
        ],
        "key",
    )


@cache
def topics() -> dict[str, Topic]:
    """By path."""
    return _by([Topic(**body) for each in _files("topics") for body in each["topics"]], "path")


def topic_of(path: str) -> Topic | None:
    """The one whose path fits best: the more of it is written out, the better."""
    fitting = [topic for topic in topics().values() if _fits(topic.path, path)]
    return max(fitting, key=lambda topic: (len(topic.path.replace("*", "")), topic.is_one_page), default=None)


def term_called(name: str) -> Term | None:
    """By its key, its own name or another one, in any case of letters."""
    wanted = name.casefold()
    if found := terms().get(wanted.replace(" ", "-")):
        return found
    named = (term for term in terms().values() if wanted in {other.casefold() for other in (term.term, *term.also)})
    return next(named, None)


def _fits(pattern: str, path: str) -> bool:
    return re.fullmatch(".+".join(map(re.escape, pattern.split("*"))), path) is not None


def _files(kind: str) -> Iterator[dict[str, Any]]:
    folder = files("luthier.handbook") / "facts" / kind
    for entry in sorted(folder.iterdir(), key=lambda each: each.name):
        if entry.name.endswith(".toml"):
            yield tomllib.loads(entry.read_text("utf-8"))


def _by(entries: list[Entry], name: str) -> dict[str, Entry]:
    found: dict[str, Entry] = {}
    for entry in entries:
        key = getattr(entry, name)
        if key in found:
            raise ValueError(f"the handbook says {key} twice")
        found[key] = entry
    return found
