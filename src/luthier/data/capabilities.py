"""What a chat template can say, found by trying it: a part counts as accepted when it comes out in the text."""

from dataclasses import dataclass
from typing import Any, Literal

from jinja2 import TemplateError

from luthier.data.template import ChatTemplate

_MARK = "zqxjmark"
_USER = {"role": "user", "content": "a"}
_ANSWER = {"role": "assistant", "content": "b"}
_CALL_ID = "call00001"  # some templates insist on nine letters or digits


@dataclass(frozen=True)
class Capabilities:
    """False means: left out, garbled or refused by the template; `chat_form` then writes the part as plain text."""

    system: bool
    tools: bool
    tool_calls: bool
    tool_role: bool
    reasoning: bool
    arguments: Literal["object", "text"]  # how the template wants a call's arguments
    call_ids: bool  # the template refuses calls without an id


def probe(template: ChatTemplate) -> Capabilities:
    variants: list[tuple[Literal["object", "text"], bool]] = [
        ("object", False),
        ("text", False),
        ("object", True),
        ("text", True),
    ]
    arguments, call_ids = next((each for each in variants if _says_calls(template, *each)), ("object", False))
    calls = _says_calls(template, arguments, call_ids)
    return Capabilities(
        system=_says(template, [{"role": "system", "content": _MARK}, _USER, _ANSWER]),
        tools=_says(template, [_USER, _ANSWER], [_tool(_MARK)]),
        tool_calls=calls,
        tool_role=_says_tool_role(template, arguments, call_ids) if calls else _says_bare_tool_role(template),
        reasoning=_says(template, [_USER, {**_ANSWER, "reasoning_content": _MARK, "thinking": _MARK}]),
        arguments=arguments,
        call_ids=call_ids,
    )


def _says(template: ChatTemplate, messages: list[dict[str, Any]], tools: list[dict[str, Any]] | None = None) -> bool:
    return _MARK in (_rendered(template, messages, tools) or "")


def _says_calls(template: ChatTemplate, arguments: Literal["object", "text"], call_ids: bool) -> bool:
    """Name and arguments must both come out, and the arguments as JSON: `{'key'` is Python, not JSON."""
    text = _rendered(template, [_USER, _calling(_MARK, arguments, call_ids)])
    return text is not None and _MARK in text and '"key"' in text.replace('\\"', '"')


def _says_tool_role(template: ChatTemplate, arguments: Literal["object", "text"], call_ids: bool) -> bool:
    result = {"role": "tool", "content": _MARK, "name": "f", "tool_call_id": _CALL_ID}
    return _says(template, [_USER, _calling("f", arguments, call_ids), result, _ANSWER])


def _says_bare_tool_role(template: ChatTemplate) -> bool:
    return _says(template, [_USER, _ANSWER, {"role": "tool", "content": _MARK}, _ANSWER])


def _calling(name: str, arguments: Literal["object", "text"], call_id: bool) -> dict[str, Any]:
    function = {"name": name, "arguments": {"key": "value"} if arguments == "object" else '{"key": "value"}'}
    call: dict[str, Any] = {"type": "function", "function": function}
    return {"role": "assistant", "content": "", "tool_calls": [{**call, "id": _CALL_ID} if call_id else call]}


def _tool(name: str) -> dict[str, Any]:
    parameters = {"type": "object", "properties": {"key": {"type": "string", "description": "x"}}, "required": ["key"]}
    return {"type": "function", "function": {"name": name, "description": "x", "parameters": parameters}}


def _rendered(
    template: ChatTemplate, messages: list[dict[str, Any]], tools: list[dict[str, Any]] | None = None
) -> str | None:
    try:
        return template.render(messages, tools or (), generation_prompt=False)
    except TemplateError:
        return None
