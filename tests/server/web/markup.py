"""Pages as trees, for what a test wants to know of elements and of what stands around them."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import Self

_EMPTY = frozenset({"area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "track", "wbr"})


@dataclass
class Element:
    tag: str
    attributes: dict[str, str]
    parent: "Element | None" = None
    children: list["Element"] = field(default_factory=list)
    text: str = ""

    @property
    def classes(self) -> set[str]:
        return set(self.attributes.get("class", "").split())

    def all(self) -> Iterator["Element"]:
        for child in self.children:
            yield child
            yield from child.all()

    def around(self) -> Iterator["Element"]:
        if self.parent:
            yield self.parent
            yield from self.parent.around()


class Tree(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.root = self._open = Element("", {})

    @classmethod
    def of(cls, html: str) -> Self:
        tree = cls()
        tree.feed(html)
        return tree

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        made = Element(tag, {name: value or "" for name, value in attrs}, self._open)
        self._open.children.append(made)
        if tag not in _EMPTY:
            self._open = made

    def handle_endtag(self, tag: str) -> None:
        for element in (self._open, *self._open.around()):
            if element.tag == tag and element.parent:
                self._open = element.parent
                return

    def handle_data(self, data: str) -> None:
        self._open.text += data
