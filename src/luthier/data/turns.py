"""Turns of a conversation, in the messages and the ShareGPT way, and the order in which they make sense."""

from collections.abc import Sequence
from typing import Any

from luthier.data.facts import source_facts
from luthier.data.problems import Problems, kind_of
from luthier.data.tools import read_calls
from luthier.domain.datasets import Message, Role, ToolCall

_CALLING_ROLES = ("function_call", "tool_call")  # the turn's text is the call itself
_TEXT_PARTS = ("text", "input_text", "output_text")
_REASONING_PARTS = ("reasoning", "thinking")
_CALL_PARTS = ("tool_call", "function_call")
_REASONING_FIELDS = ("reasoning_content", "reasoning", "thinking")


def read_turns(value: Any, column: str, problems: Problems) -> list[Message]:
    """A list of turns (or one turn), possibly as JSON in a text; empty when something is wrong with one of them."""
    turns = problems.json(value, column) if isinstance(value, str) else value
    if isinstance(turns, dict):
        turns = [turns]
    if not isinstance(turns, list):
        if turns is not None or not isinstance(value, str):
            expected = 'a list such as [{"role": "user", "content": "..."}, ...]'
            problems.error("field_type", f"{column!r} holds {kind_of(turns)}.", column, expected)
        return []
    messages = [_turn(turn, at, column, problems) for at, turn in enumerate(turns, start=1)]
    return [message for message in messages if message is not None]


def check_order(messages: Sequence[Message], column: str, problems: Problems) -> None:
    """A conversation must have an answer that says something; an unusual order of turns is a warning."""
    if not any(message.role is Role.ASSISTANT for message in messages):
        problems.error(
            "answer_missing", "The conversation has no answer to learn from.", column, "at least one assistant turn"
        )
        return
    for at, message in enumerate(messages, start=1):
        if message.content.strip() or message.tool_calls or not message.train:
            continue
        if message.role is Role.ASSISTANT:
            problems.error("answer_empty", f"Turn {at}, an answer, is empty.", column, "an answer to learn")
        elif message.role is Role.USER:
            problems.warn("question_empty", f"Turn {at}, of the user, is empty.", column)
    _warn_of_order(_oddity(messages) or _end(messages), column, problems)


def check_question(messages: Sequence[Message], column: str, problems: Problems) -> None:
    """What a model is to answer must ask something, and must not be answered already."""
    if not messages or messages[-1].role in (Role.ASSISTANT, Role.SYSTEM):
        problems.error("question_missing", "The prompt ends without a question.", column, "a last turn of the user")
    elif not messages[-1].content.strip():
        problems.error("question_missing", "The prompt is empty.", column, "something to answer")
    _warn_of_order(_oddity(messages), column, problems)


def _warn_of_order(oddity: str, column: str, problems: Problems) -> None:
    if oddity:
        problems.warn("turn_order", oddity, column, "user and assistant in turn, after at most one system turn")


def _oddity(messages: Sequence[Message]) -> str:
    previous: Message | None = None
    for at, message in enumerate(messages, start=1):
        before = previous.role if previous else None
        if message.role is Role.SYSTEM and at > 1:
            return f"Turn {at} is the system's, which should come first."
        if message.role is before and message.role in (Role.USER, Role.ASSISTANT):
            return f"Turns {at - 1} and {at} are both of the {message.role.value}."
        if message.role is Role.ASSISTANT and before in (None, Role.SYSTEM):
            return f"Turn {at} answers before anything was asked."
        if message.role is Role.TOOL and before is not Role.TOOL and not (previous and previous.tool_calls):
            return f"Turn {at} is a tool's result, but no tool was called."
        previous = message
    return ""


def _end(messages: Sequence[Message]) -> str:
    return "" if messages[-1].role is Role.ASSISTANT else "The last turn is no answer; nothing is learned from it."


def _turn(turn: Any, at: int, column: str, problems: Problems) -> Message | None:
    if not isinstance(turn, dict):
        expected = '{"role": "user", "content": "..."}'
        problems.error("field_type", f"Turn {at} is {kind_of(turn)}.", column, expected)
        return None
    named = turn.get("role", turn.get("from"))
    role = source_facts().roles.get(named.strip().lower()) if isinstance(named, str) else None
    if role is None:
        shown = f"the role {named!r}" if named is not None else "no role"
        expected = ", ".join(each.value for each in Role)
        problems.error("role_unknown", f"Turn {at} has {shown}.", column, expected, "Write one of these roles.")
        return None
    content = turn.get("content", turn.get("value"))
    if isinstance(named, str) and named.strip().lower() in _CALLING_ROLES:
        return Message(Role.ASSISTANT, "", tool_calls=read_calls(content, column, problems))
    parts = _parts(content, at, column, problems)
    calls = read_calls(turn.get("tool_calls"), column, problems) + read_calls(
        turn.get("function_call"), column, problems
    )
    reasoning = next((turn[name] for name in _REASONING_FIELDS if isinstance(turn.get(name), str)), "")
    name = turn.get("name") if isinstance(turn.get("name"), str) else ""
    return Message(
        role=role,
        content=parts.text,
        reasoning=problems.text(reasoning, column) or parts.reasoning or None,
        tool_calls=(*parts.calls, *calls),
        name=problems.text(name, column) or None,
        train=_trained(turn, at, column, problems),
    )


class _Parts:
    def __init__(self) -> None:
        self.text = ""
        self.reasoning = ""
        self.calls: tuple[ToolCall, ...] = ()


def _parts(content: Any, at: int, column: str, problems: Problems) -> _Parts:
    """Content is a text, or a list of parts of different kinds."""
    gathered = _Parts()
    if not isinstance(content, list):
        gathered.text = problems.text(content, column)
        return gathered
    for part in content:
        kind = part.get("type") if isinstance(part, dict) else None
        value = part.get("text", part.get("value", part.get(str(kind)))) if isinstance(part, dict) else part
        if kind in _TEXT_PARTS or isinstance(part, str):
            gathered.text += problems.text(value, column)
        elif kind in _REASONING_PARTS:
            gathered.reasoning += problems.text(value, column)
        elif kind in _CALL_PARTS:
            gathered.calls += read_calls(value, column, problems)
        else:
            sentence = f"Turn {at} has a part of the kind {kind!r}, which cannot be trained on."
            problems.error("part_kind", sentence, column, "text, reasoning or tool_call")
    return gathered


def _trained(turn: dict[str, Any], at: int, column: str, problems: Problems) -> bool:
    """OpenAI's `weight` (0 or 1), or `train` (true or false), on an answer."""
    for name in ("weight", "train"):
        value = turn.get(name)
        if value is None:
            continue
        if value not in (0, 1):
            problems.error("weight", f"Turn {at} has the {name} {value!r}.", column, "0 or 1")
        return bool(value)
    return True
