"""From our pieces to the protocol's documents: whole answers, chunks of them, and what they took."""

import hashlib
import json
from collections.abc import Sequence
from typing import Any, Literal

from pydantic import BaseModel

from luthier.domain.chat import ChatPiece, ChatTarget, TokenChance, TokenChoice
from luthier.domain.datasets import ToolCall
from luthier.kit.ids import new_id

_CALLED = {"tool_calls": "tool_calls", "length": "length"}


class FunctionOut(BaseModel):
    name: str
    arguments: str


class CallOut(BaseModel):
    index: int | None = None  # in chunks only
    id: str
    type: Literal["function"]
    function: FunctionOut


class ChanceOut(BaseModel):
    token: str
    logprob: float
    bytes: list[int]


class ChoiceOut(ChanceOut):
    top_logprobs: list[ChanceOut]


class LogProbs(BaseModel):
    content: list[ChoiceOut]
    refusal: None


class MessageOut(BaseModel):
    role: Literal["assistant"]
    content: str | None
    refusal: None
    tool_calls: list[CallOut] | None = None


class ChatChoice(BaseModel):
    index: int
    message: MessageOut
    logprobs: LogProbs | None
    finish_reason: str


class CachedTokens(BaseModel):
    cached_tokens: int


class Usage(BaseModel):
    prompt_tokens: int
    completion_tokens: int
    total_tokens: int
    prompt_tokens_details: CachedTokens


class Told(BaseModel):
    """What every document says of its answer."""

    id: str
    object: str
    created: int
    model: str
    system_fingerprint: str


class ChatDocument(Told):
    choices: list[ChatChoice]
    usage: Usage


class Delta(BaseModel):
    role: Literal["assistant"] | None = None
    content: str | None = None
    tool_calls: list[CallOut] | None = None


class DeltaChoice(BaseModel):
    index: int
    delta: Delta
    logprobs: LogProbs | None
    finish_reason: str | None


class ChatChunk(Told):
    choices: list[DeltaChoice]
    usage: Usage | None = None


def told(prefix: str, kind: str, target: ChatTarget, model: str, at: float) -> dict[str, Any]:
    """The fields of `Told`; the fingerprint changes with the weights that answer."""
    weights = f"{target.base_folder}\n{target.adapter_folder}\n{target.precision}"
    return {
        "id": new_id(prefix),
        "object": kind,
        "created": int(at),
        "model": model,
        "system_fingerprint": f"fp_{hashlib.sha256(weights.encode()).hexdigest()[:12]}",
    }


def usage_of(lasts: Sequence[ChatPiece]) -> Usage:
    """Of one request: a prompt that several choices share counts once."""
    prompt = lasts[0].prompt_tokens if lasts else 0
    answers = sum(piece.tokens for piece in lasts)
    cached = CachedTokens(cached_tokens=lasts[0].reused_tokens if lasts else 0)
    return Usage(
        prompt_tokens=prompt,
        completion_tokens=answers,
        total_tokens=prompt + answers,
        prompt_tokens_details=cached,
    )


def finish_reason(piece: ChatPiece) -> str:
    return _CALLED.get(piece.stop_reason, "stop")


def calls_of(calls: Sequence[ToolCall], *, numbered: bool) -> list[CallOut]:
    found = []
    for place, call in enumerate(calls):
        function = FunctionOut(name=call.name, arguments=json.dumps(call.arguments, ensure_ascii=False))
        number = {"index": place} if numbered else {}
        found.append(CallOut(id=new_id("call"), type="function", function=function, **number))
    return found


def logprobs_of(choices: Sequence[TokenChoice]) -> LogProbs:
    return LogProbs(
        content=[
            ChoiceOut(**_chance(choice.chosen).model_dump(), top_logprobs=[_chance(rival) for rival in choice.top])
            for choice in choices
        ],
        refusal=None,
    )


def _chance(chance: TokenChance) -> ChanceOut:
    return ChanceOut(token=chance.text, logprob=chance.logprob, bytes=list(chance.bytes))
