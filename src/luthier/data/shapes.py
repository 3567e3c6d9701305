"""Decides which shape a source has and which column is which part, by whole column names, with a confidence."""

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from luthier.data.facts import ShapeForm, column_facts
from luthier.data.readers.content import writable
from luthier.data.readers.json_values import JsonFault, parse_whole
from luthier.domain.datasets import (
    DatasetColumnMissing,
    DatasetPartMissing,
    DatasetPartUnknown,
    DatasetShapeUnknown,
    DatasetShapeWrong,
    Mapping,
    Shape,
)

_LIKELY_NAME = 0.85  # one column was taken by a name that is only usual
_RIVALS = 0.6  # two columns could be the same part
_OTHER_PURPOSE = 0.5  # plain text beside a column that usually is a part of something else
_PRESENT = 0.5  # a column counts as there when this share of the sampled rows has it


@dataclass(frozen=True, slots=True)
class _Columns:
    all: list[str]
    common: list[str]  # what an example needs must be here; what it may have may also be rare


@dataclass(frozen=True, slots=True)
class _Choice:
    column: str
    confidence: float
    reason: str = ""


def detect_mapping(
    source: Path | str, rows: Sequence[dict[str, Any]], shape: str | None = None, columns: dict[str, str] | None = None
) -> Mapping:
    """`columns` (part -> column) and `shape` are the user's word and win. Raises DatasetShapeUnknown and its kin."""
    columns_there = _columns_of(rows)
    given = dict(columns or {})
    _check_given(source, given, columns_there.all)
    wanted = _shape_named(source, shape) if shape is not None else None
    for form in _candidates(source, wanted, given):
        mapping = _fit(form, columns_there, given, certain=wanted is not None or bool(given))
        if mapping is not None and (wanted is not None or not _leaves_answers(mapping, columns_there)):
            return _by_content(mapping, rows, wanted)
    if wanted is not None or given:
        raise _part_missing(source, wanted, given, columns_there.all)
    raise DatasetShapeUnknown(source=source, columns=_shown(columns_there.all))


def reward_of(value: Any) -> float | None:
    """None when it is no number."""
    try:
        number = float(value)
    except (TypeError, ValueError, OverflowError):
        return None
    return number if math.isfinite(number) else None


def parts_of(shape: Shape) -> frozenset[str]:
    return frozenset(part for form in column_facts().shapes if form.shape is shape for part in form.parts)


def _columns_of(rows: Sequence[dict[str, Any]]) -> _Columns:
    counts = Counter(name for row in rows for name in row)
    return _Columns(list(counts), [name for name, count in counts.items() if count >= _PRESENT * len(rows)])


def _check_given(source: Path | str, given: dict[str, str], present: list[str]) -> None:
    for part, column in given.items():
        if part not in column_facts().parts:
            every = sorted(column_facts().parts)
            raise DatasetPartUnknown(
                source=source, part=part, shape="any shape", parts=", ".join(every), first=every[0]
            )
        if column not in present:
            raise DatasetColumnMissing(source=source, column=column, part=part, columns=_shown(present))


def _shape_named(source: Path | str, shape: str) -> Shape:
    try:
        return Shape(shape)
    except ValueError:
        shapes = ", ".join(each.value for each in Shape)
        raise DatasetShapeWrong(source=source, shape=shape, shapes=shapes) from None


def _candidates(source: Path | str, wanted: Shape | None, given: dict[str, str]) -> list[ShapeForm]:
    forms = [form for form in column_facts().shapes if wanted is None or form.shape is wanted]
    if wanted is None and given:  # whoever names columns without naming that shape has answers in mind
        forms = [form for form in forms if form.shape is not Shape.PROMPT]
    fitting = [form for form in forms if set(given) <= set(form.parts)]
    if not fitting:
        part = next((each for each in given if not any(each in form.parts for form in forms)), next(iter(given)))
        parts = list(dict.fromkeys(part for form in forms for part in form.parts))
        name = wanted.value if wanted else "any shape together with the other parts that you gave"
        raise DatasetPartUnknown(source=source, part=part, shape=name, parts=", ".join(parts), first=parts[0])
    return fitting


def _fit(form: ShapeForm, there: _Columns, given: dict[str, str], *, certain: bool) -> Mapping | None:
    chosen: dict[str, _Choice] = {}
    for part in form.parts:
        taken = {choice.column for choice in chosen.values()} | set(given.values())
        optional = part in form.may_have
        free = [name for name in (there.all if optional else there.common) if name not in taken]
        if part in given:
            chosen[part] = _Choice(given[part], 1.0)
        elif choice := _choose(part, free, optional=optional):
            chosen[part] = choice
        elif part in form.needs:
            return None
    confidence = min((choice.confidence for choice in chosen.values()), default=1.0)
    reasons = [choice.reason for choice in chosen.values() if choice.reason]
    if form.shape is Shape.TEXT and (others := _parts_unused(there.common, chosen)):
        confidence = min(confidence, _OTHER_PURPOSE)
        reasons.append(f"the column {others[0]!r} would not be used")
    if certain:
        confidence, reasons = 1.0, ["you said so"]
    return Mapping(
        shape=form.shape,
        columns={part: choice.column for part, choice in chosen.items()},
        confidence=confidence,
        reason="; ".join(reasons) or f"the columns have the names that {form.shape.value} uses",
    )


def _leaves_answers(mapping: Mapping, there: _Columns) -> bool:
    """What stands beside a question may be its answer under a name that is not known."""
    return mapping.shape is Shape.PROMPT and not set(there.common) <= set(mapping.columns.values())


def _choose(part: str, free: list[str], *, optional: bool) -> _Choice | None:
    names = column_facts().parts[part]
    sure = [column for column in free if column.strip().lower() in names.sure]
    likely = [column for column in free if column.strip().lower() in names.likely]
    if sure:
        return _Choice(sure[0], 1.0 if len(sure) == 1 else _RIVALS, _rivalry(part, sure))
    if optional or not likely:
        return None
    if len(likely) > 1:
        return _Choice(likely[0], _RIVALS, _rivalry(part, likely))
    return _Choice(likely[0], _LIKELY_NAME, f"{likely[0]!r} was taken as the {part}")


def _rivalry(part: str, columns: list[str]) -> str:
    if len(columns) == 1:
        return ""
    return f"{columns[0]!r} was taken as the {part}, but {columns[1]!r} could be it as well"


def _parts_unused(present: list[str], chosen: dict[str, _Choice]) -> list[str]:
    used = {choice.column for choice in chosen.values()}
    known = {name for names in column_facts().parts.values() for name in (*names.sure, *names.likely)}
    return [column for column in present if column not in used and column.strip().lower() in known]


def _by_content(mapping: Mapping, rows: Sequence[dict[str, Any]], wanted: Shape | None) -> Mapping:
    return _with_good_from(_with_form_of_turns(mapping, rows, wanted), rows)


def _with_good_from(mapping: Mapping, rows: Sequence[dict[str, Any]]) -> Mapping:
    """Rewards have any scale: the middle between the lowest and the highest parts good answers from bad ones."""
    if "reward" not in mapping.columns:
        return mapping
    rewards = [reward for row in rows if (reward := reward_of(row.get(mapping.columns["reward"]))) is not None]
    if not rewards:
        return mapping
    low, high = min(rewards), max(rewards)
    middle = (low + high) / 2
    reason = f"rewards go from {low:g} to {high:g}, so an answer counts as good from {middle:g} on"
    return mapping.model_copy(update={"good_from": middle, "reason": f"{mapping.reason}; {reason}"})


def _with_form_of_turns(mapping: Mapping, rows: Sequence[dict[str, Any]], wanted: Shape | None) -> Mapping:
    """Both names of the conversation column are in use for both forms of turns; the turns themselves decide."""
    part = next((each for each in ("messages", "conversations") if each in mapping.columns), None)
    if wanted is not None or part is None or mapping.shape not in (Shape.MESSAGES, Shape.SHAREGPT):
        return mapping
    turns = (turn for row in rows for turn in _turns(row.get(mapping.columns[part])))
    keys = Counter(key for turn in turns for key in turn)
    if not keys:
        return mapping
    shape = Shape.SHAREGPT if keys["from"] + keys["value"] > keys["role"] + keys["content"] else Shape.MESSAGES
    if shape is mapping.shape:
        return mapping
    columns = {("conversations" if shape is Shape.SHAREGPT else "messages"): mapping.columns[part]}
    columns |= {other: column for other, column in mapping.columns.items() if other != part}
    return mapping.model_copy(
        update={"shape": shape, "columns": columns, "reason": f"the turns have the fields that {shape.value} uses"}
    )


def _turns(value: Any) -> list[dict[str, Any]]:
    """Tables hold them as JSON in a text."""
    if isinstance(value, str):
        try:
            value = parse_whole(value).value
        except JsonFault:
            return []
    return [turn for turn in value if isinstance(turn, dict)] if isinstance(value, list) else []


def _part_missing(
    source: Path | str, wanted: Shape | None, given: dict[str, str], present: list[str]
) -> DatasetPartMissing:
    form = _candidates(source, wanted, given)[-1]
    missing = (each for each in form.needs if each not in given and not _choose(each, present, optional=False))
    part = next(missing, form.needs[0])
    return DatasetPartMissing(source=source, shape=form.shape.value, part=part, columns=_shown(present))


def _shown(columns: list[str]) -> str:
    names = [writable(name if len(name) <= 40 else name[:39] + "…") for name in columns[:12]]
    return ", ".join(names) + (", …" if len(columns) > 12 else "") if names else "no columns"
