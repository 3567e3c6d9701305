"""The one way in which a scenario is laid out: what it says stays the same, only how it looks may change."""

from collections.abc import Iterable, Iterator, Sequence

from luthier.data.scenarios.fields import fields_in
from luthier.data.scenarios.lines import Line, trimmed
from luthier.data.scenarios.system import PARTS, PARTY
from luthier.data.scenarios.tree import BYTE_ORDER_MARK, Section, Tree, outside_fences
from luthier.domain.scenarios import Speaker

_TITLES = {1: ("SYSTEM", *(speaker.value for speaker in Speaker)), 2: (*PARTS, PARTY)}


def formatted(tree: Tree) -> str:
    """One blank line around headings, `- Name: value` fields, no blanks at the end of lines, \\n as line end."""
    blocks: list[list[str]] = []
    if tree.front is not None:
        blocks.append(["---", *(line.text.rstrip(" \t") for line in tree.front.body), "---"])
    blocks.append(_plain(tree.preamble))
    for section in tree.sections:
        blocks += _section(section)
    text = "\n\n".join("\n".join(block) for block in blocks if block) + "\n"
    return f"\n{text}" if _would_begin_otherwise(text, tree) else text


def _would_begin_otherwise(text: str, tree: Tree) -> bool:
    """Whether a text that stood below blank lines would now be taken for front matter, or for a mark."""
    is_first = tree.front is None and tree.open_front is None
    return is_first and (text.startswith(BYTE_ORDER_MARK) or text.split("\n", 1)[0] == "---")


def _section(section: Section) -> Iterator[list[str]]:
    title = next((title for title in _TITLES.get(section.level, ()) if section.named(title)), section.title)
    yield [f"{'#' * section.level} {title}".rstrip(" \t")]
    has_fields = section.level == 3 or (section.level == 1 and section.named(Speaker.TOOLCALL.value))
    yield list(_fields(section.body)) if has_fields else _plain(section.body)
    for child in section.children:
        yield from _section(child)


def _plain(lines: Sequence[Line]) -> list[str]:
    kept = trimmed(lines)
    return [line.text.rstrip(" \t") if is_text else line.text for line, is_text in outside_fences(kept)]


def _fields(lines: Sequence[Line]) -> Iterator[str]:
    fields, _ = fields_in(lines)
    shown = {line.number: text for field in fields for line, text in _field_lines(field.name, field.value, field.lines)}
    blank_lines: list[str] = []  # they stay before prose, and go before a field
    for line in trimmed(lines):
        if line.is_blank:
            blank_lines.append("")
            continue
        if line.number not in shown:
            yield from blank_lines
        yield shown.get(line.number, line.text.rstrip(" \t"))
        blank_lines.clear()


def _field_lines(name: str, value: str, lines: Sequence[Line]) -> Iterable[tuple[Line, str]]:
    """A list keeps its lines; everything else is one."""
    shown_name = name[:1].upper() + name[1:]
    if len(lines) == 1:
        return [(lines[0], f"- {shown_name}: {value}".rstrip(" \t"))]
    items = [(line, f"  - {line.text.strip()[1:].strip()}") for line in lines[1:]]
    return [(lines[0], f"- {shown_name}:"), *items]
