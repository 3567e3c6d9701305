"""`- Name: value` lines: the fields of a character and of a tool's answer, with their places."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from luthier.data.scenarios.lines import Line, Spot
from luthier.data.scenarios.values import Slot, show_value
from luthier.domain.scenarios import Value

_NAME = re.compile(r"[A-Za-z][A-Za-z _-]{0,39}")
_BULLETS = ("- ", "* ", "+ ", "-\t", "*\t", "+\t")


@dataclass(slots=True)
class WrittenField:
    name: str
    written: str  # in the line of the name
    at: Spot
    value_at: Spot
    lines: list[Line] = field(default_factory=list)
    items: list[str] = field(default_factory=list)  # in the lines below

    @property
    def value(self) -> str:
        return self.written or ", ".join(self.items)

    @property
    def key(self) -> str:
        return key_of(self.name)


def key_of(name: str) -> str:
    return name.strip().lower().replace(" ", "_")


def fields_in(lines: Sequence[Line]) -> tuple[list[WrittenField], list[Line]]:
    """The fields, and the lines (blank ones left out) that are none."""
    found: list[WrittenField] = []
    others: list[Line] = []
    list_open = False
    for line in lines:
        if line.is_blank:
            continue
        item = _nested_item(line) if list_open else ""
        if item:
            found[-1].items.append(item)
            found[-1].lines.append(line)
            continue
        written = _field(line)
        if written is not None:
            found.append(written)
        else:
            others.append(line)
        list_open = written is not None and not written.written
    return found, others


def rewritten(lines: Sequence[Line], slots: Mapping[str, Slot], values: Mapping[str, Value]) -> list[str]:
    """The same lines with other values in the fields named; fields that are not there yet come after the last one."""
    fields, _ = fields_in(lines)
    known = {key_of(name): name for name in slots}
    shown = {known[key_of(name)]: show_value(slots[known[key_of(name)]], value) for name, value in values.items()}
    replaced: dict[int, str] = {}
    dropped: set[int] = set()
    for each in fields:
        name = known.get(each.key, "")
        if name in shown:
            replaced[each.lines[0].number] = f"- {each.name}: {shown.pop(name)}"
            dropped |= {line.number for line in each.lines[1:]}
    kept = [replaced.get(line.number, line.text) for line in lines if line.number not in dropped]
    while kept and not kept[-1].strip():
        kept.pop()
    return [*kept, *(f"- {name.replace('_', ' ').capitalize()}: {text}" for name, text in shown.items())]


def _field(line: Line) -> WrittenField | None:
    rest = line.text.lstrip()
    if rest.startswith(_BULLETS):
        rest = rest[1:].lstrip()
    name, colon, value = rest.partition(":")
    start = len(line.text) - len(rest)
    value_start = start + len(name) + 1
    if name.startswith("**") and value.startswith("**"):
        name, value, start, value_start = name[2:], value[2:], start + 2, value_start + 2
    if not colon or not _NAME.fullmatch(name.rstrip()):
        return None
    value_start += len(value) - len(value.lstrip())
    return WrittenField(name.strip(), value.strip(), line.spot(start), line.spot(value_start), [line])


def _nested_item(line: Line) -> str:
    """An item of the list that a field without a value begins; it is indented."""
    stripped = line.text.lstrip()
    is_item = len(stripped) < len(line.text) and stripped.startswith(_BULLETS)
    return stripped[1:].strip() if is_item else ""
