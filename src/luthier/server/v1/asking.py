"""From the protocol's words to ours: what a program asks becomes one question for each answer that it wants."""

import json
import secrets
from collections.abc import Iterator

from luthier.domain.chat import ChatMessage, ChatRequest, ChatTarget
from luthier.domain.datasets import ToolCall
from luthier.domain.requests import RequestInvalid
from luthier.server.v1.wire import Asked, CallPart, ChatAsked, ChosenTool, TextAsked, TurnIn

_SEED_BITS = 63
_SYSTEM = ("system", "developer")


def chat_requests(target: ChatTarget, asked: ChatAsked) -> Iterator[ChatRequest]:
    """One for each choice. Raises RequestInvalid."""
    messages = _messages(asked)
    json_only = asked.response_format is not None and asked.response_format.type == "json_object"
    if json_only and asked.tools:
        raise RequestInvalid(where="response_format", reason="it cannot be had together with tools")
    tools = () if asked.tool_choice == "none" else tuple(asked.tools or ())
    request = ChatRequest(
        target=target,
        messages=messages,
        tools=tuple(tool.model_dump(exclude_none=True) for tool in tools),
        must_call=_must_call(asked),
        max_new_tokens=asked.max_completion_tokens or asked.max_tokens,
        top_logprobs=_top_logprobs(asked),
        json_only=json_only,
    )
    return _drawn(request, asked)


def text_requests(target: ChatTarget, asked: TextAsked) -> Iterator[ChatRequest]:
    """One for each prompt and choice, in the order in which the choices are numbered."""
    prompts = [asked.prompt] if isinstance(asked.prompt, str) else asked.prompt
    for prompt in prompts:
        request = ChatRequest(
            target=target,
            messages=(),
            text=prompt,
            max_new_tokens=asked.max_tokens or 16,  # the protocol's default
            top_logprobs=asked.logprobs,
        )
        yield from _drawn(request, asked)


def _drawn(request: ChatRequest, asked: Asked) -> Iterator[ChatRequest]:
    first = secrets.randbits(_SEED_BITS) if asked.seed is None else asked.seed % 2**_SEED_BITS
    stops = [asked.stop] if isinstance(asked.stop, str) else asked.stop or ()
    for choice in range(asked.n or 1):
        yield request.model_copy(
            update={
                "temperature": 1.0 if asked.temperature is None else asked.temperature,
                "top_p": 1.0 if asked.top_p is None else asked.top_p,
                "seed": (first + choice) % 2**_SEED_BITS,
                "stop": tuple(stop for stop in stops if stop),
            }
        )


def _messages(asked: ChatAsked) -> tuple[ChatMessage, ...]:
    """A result of a tool names its call; templates want the name of the function."""
    names: dict[str, str] = {}
    messages = []
    for place, turn in enumerate(asked.messages):
        calls = tuple(
            _call(part, f"messages[{place}].tool_calls[{at}]") for at, part in enumerate(turn.tool_calls or ())
        )
        names |= {call.id: call.name for call in calls if call.id}
        role = "system" if turn.role in _SYSTEM else turn.role
        name = turn.name or (names.get(turn.tool_call_id or "") if role == "tool" else None)
        messages.append(ChatMessage(role=role, content=_text(turn), tool_calls=calls, name=name))
    return tuple(messages)


def _text(turn: TurnIn) -> str:
    if isinstance(turn.content, list):
        return "".join(part.text for part in turn.content)
    return turn.content or ""


def _call(part: CallPart, place: str) -> ToolCall:
    try:
        arguments = json.loads(part.function.arguments or "{}")
    except json.JSONDecodeError:
        arguments = None
    if not isinstance(arguments, dict):
        raise RequestInvalid(where=f"{place}.function.arguments", reason="it is no JSON object")
    return ToolCall(part.function.name, arguments, part.id)


def _must_call(asked: ChatAsked) -> str | None:
    names = [tool.function.name for tool in asked.tools or ()]
    if asked.tool_choice in (None, "none", "auto"):
        return None
    if not names:
        raise RequestInvalid(where="tool_choice", reason="there are no tools to choose from")
    if not isinstance(asked.tool_choice, ChosenTool):
        return ""
    if asked.tool_choice.function.name not in names:
        raise RequestInvalid(where="tool_choice.function.name", reason="no tool is called so")
    return asked.tool_choice.function.name


def _top_logprobs(asked: ChatAsked) -> int | None:
    if asked.top_logprobs is not None and not asked.logprobs:
        raise RequestInvalid(where="top_logprobs", reason="it needs logprobs to be true")
    return (asked.top_logprobs or 0) if asked.logprobs else None
