"""Answers of a GGUF file: llama.cpp computes in threads of its own, and each answer streams from it piece by piece."""

import os
import queue
import threading
from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import orjson
import psutil

from luthier.domain.chat import (
    ChatMessage,
    ChatPiece,
    ChatPromptEmpty,
    ChatRequest,
    ConversationTooLong,
    TokenChance,
    TokenChoice,
)
from luthier.domain.datasets import ToolCall
from luthier.domain.errors import LuthierError
from luthier.domain.exports import LlamaFailed
from luthier.export.llama import Llama
from luthier.kit.clock import Clock
from luthier.kit.http import HttpFailed

_CONTEXT = 4096  # tokens: what a chat on a laptop has room for
_OF_FILE = 1.2  # memory for what is computed beside the weights, of their size
_WAITS = 0.02  # seconds for the next piece, before other answers get their turn

Pieces = queue.SimpleQueue[ChatPiece | LuthierError]


def gguf_bytes(file: Path) -> float:
    """It will take in memory, about."""
    return file.stat().st_size * _OF_FILE


class GgufModel:
    """A file that is loaded, for as long as somebody holds it."""

    def __init__(self, file: Path) -> None:
        """Raises PackageMissing and LlamaFailed."""
        if not file.is_file():
            raise LlamaFailed(file=file.name, reason="it is no longer there")
        self.file = file
        self.llama = Llama(file, adapter=None, context=_CONTEXT, threads=os.cpu_count() or 1)


class GgufAnswering:
    """One answer on its way. A thread reads it; `next_piece` never waits for long."""

    def __init__(self, request: ChatRequest, base: GgufModel, clock: Clock, asked_at: float) -> None:
        if request.text is not None and not request.text:
            raise ChatPromptEmpty
        self._request = request
        self._base = base
        self._clock = clock
        self._asked_at = asked_at
        self._pieces: Pieces = queue.SimpleQueue()
        self._withdrawn = threading.Event()
        threading.Thread(target=self._read, name="answer of llama.cpp", daemon=True).start()

    @property
    def base(self) -> GgufModel:
        return self._base

    def next_piece(self) -> ChatPiece:
        """Raises what went wrong."""
        try:
            piece = self._pieces.get(timeout=_WAITS)
        except queue.Empty:
            return ChatPiece()
        if isinstance(piece, LuthierError):
            raise piece
        return piece

    def close(self) -> None:
        """Nobody waits for the rest."""
        self._withdrawn.set()

    def _read(self) -> None:
        try:
            for piece in self._told():
                self._pieces.put(piece)
        except HttpFailed as error:
            self._pieces.put(_failure(error, self._base.file))

    def _told(self) -> Iterator[ChatPiece]:
        first_at: float | None = None
        reason, calls, tokens = "stop", _Calls(), 0
        chunks = self._base.llama.stream(*_asked(self._request))
        last: dict[str, Any] = {}
        for chunk in chunks:
            if self._withdrawn.is_set():
                chunks.close()  # type: ignore[attr-defined]
                return
            last = chunk
            for choice in chunk["choices"]:
                delta = choice.get("delta", choice)
                text = delta.get("content") or delta.get("text") or ""
                calls.add(delta.get("tool_calls") or ())
                reason = choice.get("finish_reason") or reason
                if text or delta.get("tool_calls"):
                    tokens += 1
                    first_at = first_at or self._clock.monotonic()
                if text:
                    yield ChatPiece(text=text, tokens=tokens, logprobs=_choices(choice, self._request.top_logprobs))
        yield self._last(last, reason, calls.whole(), first_at)

    def _last(
        self, last: dict[str, Any], reason: str, calls: tuple[ToolCall, ...], first_at: float | None
    ) -> ChatPiece:
        timings = last.get("timings", {})
        return ChatPiece(
            done=True,
            stop_reason="tool_calls" if calls else "length" if reason == "length" else "stop",
            tokens=timings.get("predicted_n", 0),
            prompt_tokens=timings.get("prompt_n", 0) + timings.get("cache_n", 0),
            reused_tokens=timings.get("cache_n", 0),
            tool_calls=calls,
            memory_bytes=psutil.Process(os.getpid()).memory_info().rss,
            first_token_seconds=(first_at or self._clock.monotonic()) - self._asked_at,
            tokens_per_second=timings.get("predicted_per_second", 0.0),
        )


class _Calls:
    """Function calls that come in parts."""

    def __init__(self) -> None:
        self._parts: dict[int, dict[str, str]] = {}

    def add(self, deltas: Sequence[dict[str, Any]]) -> None:
        for delta in deltas:
            part = self._parts.setdefault(delta.get("index", 0), {"id": "", "name": "", "arguments": ""})
            part["id"] += delta.get("id") or ""
            for name in ("name", "arguments"):
                part[name] += (delta.get("function") or {}).get(name) or ""

    def whole(self) -> tuple[ToolCall, ...]:
        """Those whose arguments are one JSON object; an answer that was cut off has none for its last one."""
        found = []
        for part in self._parts.values():
            with suppress(ValueError):
                found.append(ToolCall(part["name"], orjson.loads(part["arguments"] or "{}"), part["id"]))
        return tuple(found)


def _asked(request: ChatRequest) -> tuple[str, dict[str, Any]]:
    """Where it is asked, and with what: drawn as our own sampler draws, so without llama.cpp's further limits."""
    drawn = {
        "temperature": request.temperature,
        "top_p": request.top_p,
        "top_k": 0,
        "min_p": 0.0,
        "seed": request.seed % 2**32,
        "max_tokens": -1 if request.max_new_tokens is None else request.max_new_tokens,
        "stop": list(request.stop),
        "timings_per_token": True,
        "cache_prompt": True,
    }
    if request.text is not None:
        likely = {"logprobs": max(1, request.top_logprobs)} if request.top_logprobs is not None else {}
        return "/v1/completions", {**drawn, **likely, "prompt": request.text}
    likely = {"logprobs": True, "top_logprobs": request.top_logprobs} if request.top_logprobs is not None else {}
    return "/v1/chat/completions", {**drawn, **likely, **_tools(request), "messages": _messages(request.messages)}


def _tools(request: ChatRequest) -> dict[str, Any]:
    shape: dict[str, Any] = {"response_format": {"type": "json_object"}} if request.json_only else {}
    if not request.tools:
        return shape
    choice: Any = "auto" if request.must_call is None else "required"
    wanted = [tool for tool in request.tools if request.must_call in (None, "", tool["function"]["name"])]
    return {**shape, "tools": wanted, "tool_choice": choice}


def _messages(messages: Sequence[ChatMessage]) -> list[dict[str, Any]]:
    return [
        {
            "role": message.role,
            "content": message.content,
            **({"name": message.name} if message.name else {}),
            **({"tool_calls": [_call(call) for call in message.tool_calls]} if message.tool_calls else {}),
        }
        for message in messages
    ]


def _call(call: ToolCall) -> dict[str, Any]:
    arguments = orjson.dumps(call.arguments).decode()
    return {"id": call.id or "call", "type": "function", "function": {"name": call.name, "arguments": arguments}}


def _choices(choice: dict[str, Any], top: int | None) -> tuple[TokenChoice, ...]:
    told = (choice.get("logprobs") or {}).get("content") or ()
    return tuple(
        TokenChoice(chosen=_chance(each), top=tuple(map(_chance, (each.get("top_logprobs") or ())[: top or 0])))
        for each in told
    )


def _chance(told: dict[str, Any]) -> TokenChance:
    return TokenChance(text=told["token"], bytes=tuple(told.get("bytes") or ()), logprob=told["logprob"])


def _failure(error: HttpFailed, file: Path) -> LuthierError:
    if "exceeds the available context" in str(error):
        return ConversationTooLong(tokens="more", limit=_CONTEXT)
    return LlamaFailed(file=file.name, reason=str(error))
