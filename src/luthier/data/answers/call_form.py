"""How a model writes function calls, learned from what its own chat template writes for one."""

import json
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from luthier.domain.datasets import Message, Role, ToolCall

_NAME = "zqxjname"
_ARGUMENTS = {"zqxjkey": "zqxjvalue"}
_CALL_ID = "call00001"  # some templates insist on nine letters or digits
_THOUGHTS_END = "</think>"
_ARGUMENT_KEYS = ("arguments", "parameters")

Say = Callable[[Sequence[Message]], str]  # a conversation as the template writes it


@dataclass(frozen=True, slots=True)
class CallForm:
    """`opening`, then a JSON object with name and arguments; or the name, `between`, and the arguments alone."""

    opening: str  # with its white space; empty where an answer that is JSON is a call
    between: str = ""  # empty where the name stands in the JSON
    arguments_key: str = "arguments"

    @property
    def mark(self) -> str:
        """What announces a call in an answer."""
        return self.opening.strip().rstrip("[{").strip()

    def beginning(self, name: str) -> str:
        """How a call begins; of the function `name`, or of any when it is empty."""
        if self.between:
            return f"{self.opening}{name}{self.between}" if name else self.opening
        if not name:
            return f'{self.opening}{{"name": "'
        return f'{self.opening}{{"name": {json.dumps(name, ensure_ascii=False)}, "{self.arguments_key}": '


AS_TEXT = CallForm(opening="<tool_call>\n")  # in which calls are written for a template that has no words for them


def learn_call_form(say: Say) -> CallForm:
    """The form in which `say` writes a call; what it writes in no form that can be read back counts as text."""
    question = Message(Role.USER, "a")
    call = ToolCall(_NAME, _ARGUMENTS, _CALL_ID)
    with_call = say([question, Message(Role.ASSISTANT, "", tool_calls=(call,))])
    with_text = say([question, Message(Role.ASSISTANT, "zqxjtext")])
    at = with_call.find(_NAME)
    if at < 0:
        return AS_TEXT
    brace = with_call.rfind("{", 0, at)
    found = _object_at(with_call, brace)
    start = _common_length(with_call, with_text.partition("zqxjtext")[0])
    if isinstance(found, dict) and found.get("name") == _NAME:
        key = next((key for key in _ARGUMENT_KEYS if key in found), "")
        return CallForm(_opening(with_call[start:brace]), arguments_key=key) if key else AS_TEXT
    arguments = with_call.find("{", at)
    between = with_call[at + len(_NAME) : arguments]
    form = CallForm(_opening(with_call[start:at]), between=between)
    is_read = arguments > 0 and _object_at(with_call, arguments) == _ARGUMENTS
    return form if is_read and between.strip() and form.mark else AS_TEXT


def calls_in(text: str, form: CallForm, names: Sequence[str]) -> tuple[str, tuple[ToolCall, ...]]:
    """The words before the first call, and the calls of the functions that there are.

    Without a call that can be read, everything is words: nothing that a model said is lost.
    """
    if form.between:
        return _named_calls(text, form, names)
    before, _, after = text.partition(form.mark) if form.mark else ("", "", text)
    if not (form.mark in text if form.mark else may_be_json(text)):
        return text, ()
    calls = tuple(call for value in _values(after) if (call := _call(value, names)) is not None)
    return (before.rstrip(), calls) if calls else (text, ())


def may_be_json(text: str) -> bool:
    """Whether an answer begins as a call does where calls have no mark; a control token may stand before it."""
    return text.lstrip().startswith(("{", "[", "<|"))


def _named_calls(text: str, form: CallForm, names: Sequence[str]) -> tuple[str, tuple[ToolCall, ...]]:
    before, *pieces = text.split(form.mark)
    calls = []
    for piece in pieces:
        name, between, arguments = piece.partition(form.between.strip())
        value = next(iter(_values(arguments)), None) if between else None
        if name.strip() in names and isinstance(value, dict):
            calls.append(ToolCall(name.strip(), value))
    return (before.rstrip(), tuple(calls)) if calls else (text, ())


def _call(value: Any, names: Sequence[str]) -> ToolCall | None:
    if not isinstance(value, dict) or value.get("name") not in names:
        return None
    arguments: Any = next((value[key] for key in _ARGUMENT_KEYS if key in value), {})
    if isinstance(arguments, str):
        try:
            arguments = json.loads(arguments)
        except json.JSONDecodeError:
            return None
    return ToolCall(value["name"], arguments) if isinstance(arguments, dict) else None


def _values(text: str) -> list[Any]:
    """The JSON objects in a text, one after the other, whatever stands around them; those of a list as well."""
    found, at, decoder = [], 0, json.JSONDecoder()
    while (brace := text.find("{", at)) >= 0:
        try:
            value, at = decoder.raw_decode(text, brace)
        except (json.JSONDecodeError, RecursionError):
            at = brace + 1
            continue
        found.append(value)
    return found


def _object_at(text: str, brace: int) -> Any:
    if brace < 0:
        return None
    try:
        return json.JSONDecoder().raw_decode(text, brace)[0]
    except json.JSONDecodeError:
        return None


def _opening(text: str) -> str:
    """Thoughts that a template opens before the call are no part of it."""
    return re.sub(r"^\s+", "", text.rpartition(_THOUGHTS_END)[2])


def _common_length(first: str, second: str) -> int:
    return next(
        (at for at, (one, other) in enumerate(zip(first, second, strict=False)) if one != other),
        min(len(first), len(second)),
    )
