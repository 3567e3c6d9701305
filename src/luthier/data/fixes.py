"""Mends what has one right answer, by name: lines before they are parsed, rows before they become examples."""

from collections.abc import Callable, Iterable
from typing import Any, NamedTuple

from luthier.data.characters import is_odd
from luthier.data.facts import Trap, fix_facts, trap_facts
from luthier.domain.dataset_sources import FixUnknown
from luthier.domain.datasets import Mapping
from luthier.domain.findings import Finding, Level, Place

SAFE = "safe"
DROP_ROW = "drop_row"
CUT_EMPTY_CELLS = "cut_empty_cells"
NAN_TO_NULL = "nan_to_null"
ESCAPE_CONTROLS = "escape_controls"
_NUMBER_TO_TEXT = "number_to_text"
_DEEPEST = 60  # levels
_TEXT_PARTS = frozenset({"instruction", "input", "output", "system", "prompt", "completion", "text"})
_TURN_PARTS = frozenset({"messages", "conversations", "chosen", "rejected", "prompt", "completion"})
_TURN_TEXTS = ("content", "value", "text")


class Mended(NamedTuple):
    value: Any
    changes: tuple[tuple[str, str], ...]  # fix and column, of those that changed something


def chosen(names: Iterable[str]) -> frozenset[str]:
    """The fixes of these names, `safe` standing for all that have one right answer. Raises FixUnknown."""
    facts = fix_facts()
    found: set[str] = set()
    for name in names:
        if name == SAFE:
            found.update(each for each, fix in facts.items() if fix.safe)
        elif name in facts:
            found.add(name)
        else:
            raise FixUnknown(name=name, names=", ".join((SAFE, *facts)))
    return frozenset(found)


def mend_line(line: str, fix: str, position: int) -> str:
    """A line of JSON with the fault at `position` mended, or as it was where the fix does not help."""
    match fix:
        case "strip_bom":
            return line.replace("\ufeff", "", 1) if line.lstrip()[:1] == "\ufeff" else line
        case "remove_nul":
            return line.replace("\x00", "")
        case "strip_trailing_comma":
            comma = line.rfind(",", 0, position + 1)
            between = line[comma + 1 : position]
            return line[:comma] + line[comma + 1 :] if comma >= 0 and not between.strip() else line
        case _:
            return line


def mend_row(row: dict[str, Any], mapping: Mapping, fixes: frozenset[str]) -> Mended:
    """The columns that are used, mended; the others as they are."""
    value = dict(row)
    changes: list[tuple[str, str]] = []
    for part, column in mapping.columns.items():
        if column not in value:
            continue
        if _NUMBER_TO_TEXT in fixes:
            with_texts = _numbers_as_texts(value[column], part)
            if with_texts is not value[column]:
                value[column] = with_texts
                changes.append((_NUMBER_TO_TEXT, column))
        for fix in sorted(fixes & _TEXT_FIXES.keys()):
            mended = _in_texts(value[column], _TEXT_FIXES[fix], _DEEPEST)
            if mended is not value[column]:
                value[column] = mended
                changes.append((fix, column))
    return Mended(value, tuple(changes))


def mended(fix: str, place: Place) -> Finding:
    return Finding(
        code="dataset.mended", level=Level.NOTE, sentence=f"As you asked, {fix_facts()[fix].does}.", place=place
    )


def _in_texts(value: Any, change: Callable[[str], str], levels: int) -> Any:
    """The same object when nothing changes. What is nested deeper than an example may be is left as it is."""
    match value:
        case str():
            changed = change(value)
            return value if changed == value else changed
        case dict() if levels:
            items = {key: _in_texts(item, change, levels - 1) for key, item in value.items()}
            return items if any(items[key] is not value[key] for key in value) else value
        case list() if levels:
            listed = [_in_texts(item, change, levels - 1) for item in value]
            return listed if any(new is not old for new, old in zip(listed, value, strict=True)) else value
        case _:
            return value


def _numbers_as_texts(value: Any, part: str) -> Any:
    if part in _TEXT_PARTS and _is_number(value):
        return str(value)
    if part not in _TURN_PARTS or not isinstance(value, list):
        return value
    turns = [_turn_with_texts(turn) for turn in value]
    return turns if any(new is not old for new, old in zip(turns, value, strict=True)) else value


def _turn_with_texts(turn: Any) -> Any:
    if not isinstance(turn, dict) or not any(_is_number(turn.get(key)) for key in _TURN_TEXTS):
        return turn
    return {key: str(item) if key in _TURN_TEXTS and _is_number(item) else item for key, item in turn.items()}


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _without(traps: Iterable[Trap], instead: str = "") -> Callable[[str], str]:
    held = tuple(traps)

    def change(text: str) -> str:
        for trap in held:
            if trap.mark in text if trap.mark else is_odd(text):
                text = trap.regex.sub(instead, text)
        return text

    return change


def _traps_mended_by(fix: str) -> list[Trap]:
    return [trap for trap in trap_facts().traps if trap.fix == fix]


_TEXT_FIXES: dict[str, Callable[[str], str]] = {
    "remove_nul": _without(_traps_mended_by("remove_nul")),
    "remove_invisible": _without(_traps_mended_by("remove_invisible")),
    "remove_escapes": _without(_traps_mended_by("remove_escapes")),
    "remove_controls": _without(_traps_mended_by("remove_controls")),
    "remove_special_tokens": _without(_traps_mended_by("remove_special_tokens")),
    "replace_lone_surrogate": _without(_traps_mended_by("replace_lone_surrogate"), "\ufffd"),
}
