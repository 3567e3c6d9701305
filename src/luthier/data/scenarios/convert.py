"""Turns a scenario into training examples: one for each answer of the DM, or one for the whole conversation."""

import json
from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any, Literal

from luthier.data.scenarios.answers import answer_lines
from luthier.data.scenarios.grammar import Grammar, Tool
from luthier.data.scenarios.system import system_text
from luthier.data.scenarios.values import schema_of
from luthier.domain.datasets import Example, Message, Role, ToolCall
from luthier.domain.scenarios import Call, Scenario, Speaker, Turn, Value

Each = Literal["turn", "scenario"]


def examples_of(
    scenario: Scenario, grammar: Grammar, *, each: Each = "turn", as_tools: bool = True
) -> Iterator[Example]:
    """Numbered from 1. Of an example for one turn only that turn is learned; what comes before is given."""
    messages = list(_messages(scenario, grammar, as_tools))
    tools = tool_definitions(grammar) if as_tools else ()
    answers = [at for at, message in enumerate(messages) if message.role is Role.ASSISTANT]
    if each == "scenario":
        yield Example(1, messages=tuple(messages[: answers[-1] + 1]), tools=tools, category=scenario.category)
        return
    for number, at in enumerate(answers, start=1):
        given = tuple(_given(message) for message in messages[:at])
        yield Example(number, messages=(*given, messages[at]), tools=tools, category=scenario.category)


def tool_definitions(grammar: Grammar) -> tuple[dict[str, Any], ...]:
    return tuple(_definition(name, tool) for name, tool in grammar.tools.items())


def document_of(example: Example) -> dict[str, Any]:
    """The example in the messages form of chat APIs, as one line of a file that anyone can train on."""
    document: dict[str, Any] = {"messages": [_message(message) for message in example.messages]}
    if example.tools:
        document["tools"] = list(example.tools)
    if example.category:
        document["category"] = example.category
    return document


def _message(message: Message) -> dict[str, Any]:
    document: dict[str, Any] = {"role": message.role.value, "content": message.content}
    if message.tool_calls:
        functions = [
            {"name": call.name, "arguments": json.dumps(call.arguments, ensure_ascii=False)}
            for call in message.tool_calls
        ]
        document["tool_calls"] = [{"type": "function", "function": function} for function in functions]
    if message.name is not None:
        document["name"] = message.name
    if not message.train:
        document["weight"] = 0
    return document


def _definition(name: str, tool: Tool) -> dict[str, Any]:
    parameters: dict[str, Any] = {
        "type": "object",
        "properties": {argument: schema_of(slot) for argument, slot in tool.arguments.items()},
        "required": [argument for argument, slot in tool.arguments.items() if slot.required],
    }
    return {"type": "function", "function": {"name": name, "description": tool.description, "parameters": parameters}}


def _messages(scenario: Scenario, grammar: Grammar, as_tools: bool) -> Iterator[Message]:
    yield Message(Role.SYSTEM, system_text(scenario))
    if as_tools:
        yield from _with_tools(scenario.turns)
    else:
        yield from _as_text(scenario.turns, grammar)


def _with_tools(turns: Sequence[Turn]) -> Iterator[Message]:
    called: deque[str] = deque()
    for turn in turns:
        match turn.speaker:
            case Speaker.USER:
                yield Message(Role.USER, turn.text)
            case Speaker.DM:
                called.extend(call.tool for call in turn.calls)
                yield Message(Role.ASSISTANT, turn.spoken, tool_calls=tuple(_tool_call(call) for call in turn.calls))
            case Speaker.TOOLCALL:
                answer = {name: _json(value) for name, value in (turn.answer or {}).items()}
                yield Message(Role.TOOL, json.dumps(answer, ensure_ascii=False), name=called.popleft())


def _as_text(turns: Sequence[Turn], grammar: Grammar) -> Iterator[Message]:
    """Calls stand in the DM's text as they are written; their answers come as a turn of the user."""
    called: deque[Call] = deque()
    waiting: list[str] = []  # what the user's side says until the DM answers
    for turn in turns:
        match turn.speaker:
            case Speaker.USER:
                waiting.append(turn.text)
            case Speaker.TOOLCALL:
                call = called.popleft()
                lines = answer_lines(grammar.tools[call.tool], call, turn.answer or {})
                waiting.append("\n".join(["TOOLCALL", *lines]))
            case Speaker.DM:
                called.extend(turn.calls)
                if waiting:
                    yield Message(Role.USER, "\n\n".join(waiting))
                    waiting = []
                yield Message(Role.ASSISTANT, turn.text)


def _given(message: Message) -> Message:
    return replace(message, train=False) if message.role is Role.ASSISTANT else message


def _tool_call(call: Call) -> ToolCall:
    return ToolCall(call.tool, {name: _json(value) for name, value in call.arguments.items()})


def _json(value: Value) -> Any:
    return list(value) if isinstance(value, tuple) else value
