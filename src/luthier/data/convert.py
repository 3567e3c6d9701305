"""One row of a source becomes one example, or findings that say why it cannot."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from luthier.data.fixes import mend_row, mended
from luthier.data.problems import Problems, kind_of
from luthier.data.readers.rows import Row
from luthier.data.shapes import reward_of
from luthier.data.tools import read_tools
from luthier.data.turns import check_order, check_question, read_turns
from luthier.domain.datasets import Example, Mapping, Message, Role, Shape
from luthier.domain.findings import Finding, Place

_GOOD = {"true", "1", "good", "yes", "desirable"}
_BAD = {"false", "0", "bad", "no", "undesirable"}


@dataclass(frozen=True, slots=True)
class Converted:
    example: Example | None
    findings: tuple[Finding, ...]


def convert(row: Row, mapping: Mapping, fixes: frozenset[str] = frozenset()) -> Converted:
    if row.value is None:
        return Converted(None, row.findings)
    problems = Problems(row.number, row.line, row.file)
    value, changes = mend_row(row.value, mapping, fixes) if fixes else (row.value, ())
    fields = _Fields(value, mapping, problems)
    example = _READERS[mapping.shape](fields, row.overall)
    if example is not None and (category := _category(fields)):
        example = replace(example, category=category)
    notes = (mended(fix, _place(row, column)) for fix, column in changes)
    findings = (*row.findings, *notes, *problems.findings)
    return Converted(None if problems.has_errors else example, findings)


def _place(row: Row, column: str) -> Place:
    return Place(file=row.file, row=row.number, line=row.line, column=column)


@dataclass(frozen=True, slots=True)
class _Fields:
    """A row seen through the mapping: parts instead of columns."""

    row: dict[str, Any]
    mapping: Mapping
    problems: Problems

    @property
    def columns(self) -> dict[str, str]:
        return self.mapping.columns

    def has(self, part: str) -> bool:
        return part in self.columns

    def value(self, part: str) -> Any:
        return self.row.get(self.columns[part]) if part in self.columns else None

    def column(self, part: str) -> str:
        return self.columns[part]

    def text(self, part: str) -> str:
        return self.problems.text(self.value(part), self.columns[part]) if part in self.columns else ""

    def needed(self, part: str) -> bool:
        if self.value(part) is not None:
            return True
        self.problems.error("field_missing", f"The row has no {self.columns[part]!r}.", self.columns[part])
        return False


def _alpaca(fields: _Fields, number: int) -> Example | None:
    if not (fields.needed("instruction") and fields.needed("output")):
        return None
    messages = [
        *_system(fields),
        *_history(fields),
        Message(Role.USER, _instruction(fields)),
        Message(Role.ASSISTANT, fields.text("output")),
    ]
    return _conversation(messages, fields, number, "output")


def _instruction(fields: _Fields) -> str:
    instruction, addition = fields.text("instruction"), fields.text("input")
    return f"{instruction}\n\n{addition}" if addition.strip() else instruction


def _history(fields: _Fields) -> list[Message]:
    if not fields.has("history") or fields.value("history") in (None, ""):
        return []
    column = fields.column("history")
    pairs = fields.problems.json(fields.value("history"), column)
    if pairs is None:
        return []
    if not isinstance(pairs, list) or not all(isinstance(pair, list) and len(pair) == 2 for pair in pairs):
        fields.problems.error("field_type", f"{column!r} holds {kind_of(pairs)}.", column, "[[question, answer], ...]")
        return []
    return [
        Message(role, fields.problems.text(text, column))
        for pair in pairs
        for role, text in zip((Role.USER, Role.ASSISTANT), pair, strict=True)
    ]


def _turns_of(part: str) -> Callable[[_Fields, int], Example | None]:
    def read(fields: _Fields, number: int) -> Example | None:
        if not fields.needed(part):
            return None
        messages = read_turns(fields.value(part), fields.column(part), fields.problems)
        if not any(message.role is Role.SYSTEM for message in messages):
            messages = [*_system(fields), *messages]
        return _conversation(messages, fields, number, part)

    return read


def _prompt_completion(fields: _Fields, number: int) -> Example | None:
    if not (fields.needed("prompt") and fields.needed("completion")):
        return None
    asked = _asked(fields, "prompt")
    said = _said(fields, "completion")
    return _conversation([*_system(fields), *asked, *said], fields, number, "completion")


def _asked(fields: _Fields, part: str) -> list[Message]:
    value = fields.value(part)
    if isinstance(value, list | dict):
        return read_turns(value, fields.column(part), fields.problems)
    return [Message(Role.USER, fields.text(part))]


def _said(fields: _Fields, part: str) -> list[Message]:
    value = fields.value(part)
    if isinstance(value, list | dict):
        return read_turns(value, fields.column(part), fields.problems)
    return [Message(Role.ASSISTANT, fields.text(part))]


def _text(fields: _Fields, number: int) -> Example | None:
    if not fields.needed("text"):
        return None
    text = fields.text("text")
    if not text.strip():
        fields.problems.error("text_empty", "The text is empty.", fields.column("text"), "some text")
    return Example(number, text=text)


def _preference(fields: _Fields, number: int) -> Example | None:
    """The turns before the two answers are given; what supervised training learns is the chosen one."""
    if not (fields.needed("chosen") and fields.needed("rejected")):
        return None
    asked = _preference_prompt(fields)
    chosen = _said(fields, "chosen")
    rejected = _said(fields, "rejected") if fields.value("rejected") else []
    if not asked:
        asked = chosen[:-1]
    chosen, rejected = (_after(asked, answer) for answer in (chosen, rejected))
    given = [replace(message, train=False) if message.role is Role.ASSISTANT else message for message in asked]
    better = _conversation([*_system(fields), *given, *chosen], fields, number, "chosen")
    if not rejected:
        return better
    _conversation([*_system(fields), *given, *rejected], fields, number, "rejected")
    if rejected == chosen:
        fields.problems.warn(
            "answers_alike", "The chosen and the rejected answer are the same.", fields.column("rejected")
        )
    return replace(better, rejected=tuple(rejected))


def _after(asked: list[Message], answer: list[Message]) -> list[Message]:
    """Answers are often written with the whole conversation before them."""
    return answer[len(asked) :] if asked and answer[: len(asked)] == asked else answer


def _preference_prompt(fields: _Fields) -> list[Message]:
    for part in ("conversations", "messages"):
        if fields.has(part):
            return read_turns(fields.value(part), fields.column(part), fields.problems)
    if fields.has("prompt"):
        return _asked(fields, "prompt")
    if fields.has("instruction"):
        return [Message(Role.USER, _instruction(fields))]
    return []


def _labelled(fields: _Fields, number: int) -> Example | None:
    desirable = _is_good(fields) if fields.has("label") else _is_rewarded(fields)
    if desirable is None:
        return None
    example = _turns_of("messages")(fields, number) if fields.has("messages") else _prompt_completion(fields, number)
    return None if example is None else replace(example, desirable=desirable)


def _is_good(fields: _Fields) -> bool | None:
    if not fields.needed("label"):
        return None
    label = str(fields.value("label")).strip().lower()
    if label in _GOOD | _BAD:
        return label in _GOOD
    fields.problems.error(
        "label_unknown", f"The label is {fields.value('label')!r}.", fields.column("label"), "true or false"
    )
    return None


def _is_rewarded(fields: _Fields) -> bool | None:
    if not fields.needed("reward"):
        return None
    reward = reward_of(fields.value("reward"))
    if reward is None:
        fields.problems.error(
            "reward_unknown", f"The reward is {fields.value('reward')!r}.", fields.column("reward"), "a finite number"
        )
        return None
    return reward >= fields.mapping.good_from


def _prompt(fields: _Fields, number: int) -> Example | None:
    """What the model answers is rewarded, so nothing that stands there is learnt."""
    if not fields.needed("prompt"):
        return None
    asked = [*_system(fields), *_asked(fields, "prompt")]
    if not fields.problems.has_errors:
        check_question(asked, fields.column("prompt"), fields.problems)
    given = (replace(message, train=False) if message.role is Role.ASSISTANT else message for message in asked)
    return Example(number, messages=tuple(given), tools=_tools(fields))


def _system(fields: _Fields) -> list[Message]:
    text = fields.text("system")
    return [Message(Role.SYSTEM, text)] if text.strip() else []


def _conversation(messages: list[Message], fields: _Fields, number: int, part: str) -> Example:
    if not fields.problems.has_errors:
        check_order(messages, fields.column(part), fields.problems)
    return Example(number, messages=tuple(messages), tools=_tools(fields))


def _category(fields: _Fields) -> str:
    """Numbers are names as well; what is no name of a category is none."""
    value = fields.value("category")
    if isinstance(value, bool | int | float):
        return str(value)
    text = fields.text("category") if isinstance(value, str) else ""
    return text if text.strip() else ""


def _tools(fields: _Fields) -> tuple[dict[str, Any], ...]:
    return read_tools(fields.value("tools"), fields.column("tools"), fields.problems) if fields.has("tools") else ()


_READERS: dict[Shape, Callable[[_Fields, int], Example | None]] = {
    Shape.ALPACA: _alpaca,
    Shape.SHAREGPT: _turns_of("conversations"),
    Shape.MESSAGES: _turns_of("messages"),
    Shape.PROMPT_COMPLETION: _prompt_completion,
    Shape.TEXT: _text,
    Shape.PREFERENCE: _preference,
    Shape.LABELLED: _labelled,
    Shape.PROMPT: _prompt,
}
