"""Messages in the form that chat templates read; what a template cannot say is written as text, in one stated way.

system          before the first user turn, and a blank line
tools           in the system turn: a sentence, then one JSON object per line
tool calls      after the answer: <tool_call>\\n{"name": ..., "arguments": ...}\\n</tool_call>
tool results    as a user turn: <tool_response>\\n...\\n</tool_response>
reasoning       before the answer: <think>\\n...\\n</think>\\n\\n
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from luthier.data.capabilities import Capabilities
from luthier.domain.datasets import Message, Role, ToolCall

_TOOLS_INTRODUCTION = "You can call these functions, by answering with <tool_call> and </tool_call> around JSON:"


@dataclass(frozen=True)
class ChatForm:
    messages: list[dict[str, Any]]
    origins: list[int]  # for each of `messages`, the index of the message that it came from
    tools: list[dict[str, Any]]
    written_as_text: frozenset[str]  # the parts that the template cannot say, of those that are there


def chat_form(messages: Sequence[Message], tools: Sequence[dict[str, Any]], can: Capabilities) -> ChatForm:
    plain = _parts_not_accepted(messages, tools, can)
    form = ChatForm([], [], list(tools) if "tools" not in plain else [], plain)
    call_ids: list[str] = []
    for index, message in enumerate(messages):
        form.messages.append(_one(message, can, plain, call_ids))
        form.origins.append(index)
    if "tools" in plain:
        _put_before(form, "system" if can.system else "user", _tools_as_text(tools))
    if "system" in plain:
        _move_system_into_user(form)
    return form


def _parts_not_accepted(
    messages: Sequence[Message], tools: Sequence[dict[str, Any]], can: Capabilities
) -> frozenset[str]:
    roles = {message.role for message in messages}
    present = {
        "system": Role.SYSTEM in roles and not can.system,
        "tools": bool(tools) and not can.tools,
        "tool calls": any(message.tool_calls for message in messages) and not can.tool_calls,
        "tool results": Role.TOOL in roles and not can.tool_role,
        "reasoning": any(message.reasoning for message in messages) and not can.reasoning,
    }
    return frozenset(part for part, is_plain in present.items() if is_plain)


def _one(message: Message, can: Capabilities, plain: frozenset[str], call_ids: list[str]) -> dict[str, Any]:
    document: dict[str, Any] = {"role": message.role.value, "content": message.content}
    if message.name is not None:
        document["name"] = message.name
    if message.role is Role.TOOL:
        if "tool results" in plain:
            return {"role": "user", "content": f"<tool_response>\n{message.content}\n</tool_response>"}
        if can.call_ids and call_ids:
            document["tool_call_id"] = call_ids.pop(0)
    if message.reasoning:
        if "reasoning" in plain:
            document["content"] = f"<think>\n{message.reasoning}\n</think>\n\n{document['content']}"
        else:
            # Templates disagree on the name; transformers fills both.
            document["reasoning_content"] = document["thinking"] = message.reasoning
    if message.tool_calls:
        if "tool calls" in plain:
            calls = "\n".join(_call_as_text(call) for call in message.tool_calls)
            document["content"] = f"{document['content']}\n{calls}" if document["content"] else calls
        else:
            document["tool_calls"] = [_call(call, can, call_ids) for call in message.tool_calls]
    return document


def _call(call: ToolCall, can: Capabilities, call_ids: list[str]) -> dict[str, Any]:
    arguments: Any = call.arguments if can.arguments == "object" else _json(call.arguments)
    document: dict[str, Any] = {"type": "function", "function": {"name": call.name, "arguments": arguments}}
    if can.call_ids:
        document["id"] = call.id or f"call{len(call_ids) + 1:05d}"
        call_ids.append(document["id"])
    elif call.id is not None:
        document["id"] = call.id
    return document


def _call_as_text(call: ToolCall) -> str:
    return f"<tool_call>\n{_json({'name': call.name, 'arguments': call.arguments})}\n</tool_call>"


def _tools_as_text(tools: Sequence[dict[str, Any]]) -> str:
    return "\n".join([_TOOLS_INTRODUCTION, *(_json(tool) for tool in tools)])


def _put_before(form: ChatForm, role: str, text: str) -> None:
    """Adds `text` to the first turn when that is the system's, else opens with a turn of `role` or joins it."""
    first = form.messages[0] if form.messages else None
    if first is not None and first["role"] in ("system", role):
        parts = (first["content"], text) if first["role"] == "system" else (text, first["content"])
        first["content"] = "\n\n".join(parts)
        return
    form.messages.insert(0, {"role": role, "content": text})
    form.origins.insert(0, 0)


def _move_system_into_user(form: ChatForm) -> None:
    for at in [at for at, message in enumerate(form.messages) if message["role"] == "system"][::-1]:
        system = form.messages.pop(at)
        origin = form.origins.pop(at)
        following = form.messages[at] if at < len(form.messages) else None
        if following is not None and following["role"] == "user":
            following["content"] = f"{system['content']}\n\n{following['content']}"
        else:
            form.messages.insert(at, {"role": "user", "content": system["content"]})
            form.origins.insert(at, origin)


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)
