"""The concrete tree of a scenario: front matter and sections, of any text, printing byte for byte what was read."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from luthier.data.scenarios.lines import Line, joined, lines_of

BYTE_ORDER_MARK = "\ufeff"
_DASHES = "---"
_INDENT = 3  # blanks before a heading or a fence; more make a code block
_DEEPEST_HEADING = 6
_FENCE = 3


@dataclass(frozen=True, slots=True)
class Section:
    level: int
    title: str
    heading: Line
    body: tuple[Line, ...]
    children: tuple["Section", ...] = ()

    def named(self, word: str) -> bool:
        return self.title.casefold() == word.casefold()

    def lines(self) -> Iterator[Line]:
        yield self.heading
        yield from self.body
        for child in self.children:
            yield from child.lines()


@dataclass(frozen=True, slots=True)
class FrontMatter:
    opening: Line
    body: tuple[Line, ...]
    closing: Line


@dataclass(frozen=True, slots=True)
class Tree:
    mark: str  # the byte order mark, or nothing
    front: FrontMatter | None
    preamble: tuple[Line, ...]  # before the first heading
    sections: tuple[Section, ...]
    open_front: Line | None = None  # front matter that begins here and never ends
    open_fence: Line | None = None  # a code block that begins here and never ends


def parse_tree(text: str) -> Tree:
    """Of any text at all; what is wrong with it is for others to say."""
    mark = BYTE_ORDER_MARK if text.startswith(BYTE_ORDER_MARK) else ""
    lines = lines_of(text.removeprefix(BYTE_ORDER_MARK))
    front, rest = _front_matter(lines)
    preamble, sections = _split(rest, 1)
    return Tree(
        mark=mark,
        front=front,
        preamble=preamble,
        sections=tuple(_with_children(section) for section in sections),
        open_front=lines[0] if front is None and lines and _is_dashes(lines[0]) else None,
        open_fence=_open_fence(rest),
    )


def printed(tree: Tree) -> str:
    front = (tree.front.opening, *tree.front.body, tree.front.closing) if tree.front else ()
    sections = (line for section in tree.sections for line in section.lines())
    return tree.mark + joined((*front, *tree.preamble, *sections))


def body_of(tree: Tree) -> str:
    """All but the front matter."""
    return joined((*tree.preamble, *(line for section in tree.sections for line in section.lines())))


def heading_of(text: str) -> tuple[int, str] | None:
    """Level and title of a Markdown heading with number signs."""
    stripped = text.lstrip(" ")
    if len(text) - len(stripped) > _INDENT or not stripped.startswith("#"):
        return None
    title = stripped.lstrip("#")
    level = len(stripped) - len(title)
    if level > _DEEPEST_HEADING or (title and title[0] not in " \t"):
        return None
    title = title.strip(" \t")
    without_end = title.rstrip("#")
    if without_end != title and (not without_end or without_end[-1] in " \t"):
        title = without_end.rstrip(" \t")
    return level, title


def outside_fences(lines: Iterable[Line]) -> Iterator[tuple[Line, bool]]:
    """Each line, and whether it stands outside of code blocks."""
    fences = _Fences()
    for line in lines:
        yield line, fences.passes(line)


class _Fences:
    def __init__(self) -> None:
        self.opened: Line | None = None
        self._mark = ""

    def passes(self, line: Line) -> bool:
        mark = _fence_of(line.text)
        if self.opened is None:
            if mark:
                self.opened, self._mark = line, mark
            return not mark
        if mark.startswith(self._mark) and line.text.strip() == mark:
            self.opened = None
        return False


def _front_matter(lines: list[Line]) -> tuple[FrontMatter | None, list[Line]]:
    if not lines or not _is_dashes(lines[0]):
        return None, lines
    for at in range(1, len(lines)):
        if _is_dashes(lines[at]):
            return FrontMatter(lines[0], tuple(lines[1:at]), lines[at]), lines[at + 1 :]
    return None, lines


def _is_dashes(line: Line) -> bool:
    return line.text.rstrip(" \t") == _DASHES


def _split(lines: Sequence[Line], level: int) -> tuple[tuple[Line, ...], list[Section]]:
    """What stands before the first heading of that level, and the sections from there on."""
    own: list[Line] = []
    parts: list[tuple[Line, str, list[Line]]] = []
    for line, is_text in outside_fences(lines):
        heading = heading_of(line.text) if is_text else None
        if heading is not None and heading[0] == level:
            parts.append((line, heading[1], []))
        else:
            (parts[-1][2] if parts else own).append(line)
    return tuple(own), [Section(level, title, heading, tuple(body)) for heading, title, body in parts]


def _with_children(section: Section) -> Section:
    """SYSTEM has parts, and its Party has characters; elsewhere headings belong to the text."""
    if not (section.named("SYSTEM") if section.level == 1 else section.named("Party")):
        return section
    body, children = _split(section.body, section.level + 1)
    if section.level == 1:
        children = [_with_children(child) for child in children]
    return Section(section.level, section.title, section.heading, body, tuple(children))


def _open_fence(lines: Sequence[Line]) -> Line | None:
    fences = _Fences()
    for line in lines:
        fences.passes(line)
    return fences.opened


def _fence_of(text: str) -> str:
    """The backticks or tildes that open or close a code block."""
    stripped = text.lstrip(" ")
    if len(text) - len(stripped) > _INDENT or not stripped.startswith(("```", "~~~")):
        return ""
    mark = stripped[: len(stripped) - len(stripped.lstrip(stripped[0]))]
    if mark[0] == "`" and "`" in stripped[len(mark) :]:
        return ""  # code inside of a line
    return mark if len(mark) >= _FENCE else ""
