"""One answer on its way: a block of its prompt or one token at a time, told as text, function calls and figures."""

from luthier.data.answers.call_stream import CallStream
from luthier.data.answers.stop_texts import StopTexts
from luthier.domain.chat import (
    ChatMessage,
    ChatPiece,
    ChatPromptEmpty,
    ChatRequest,
    ChatRoleUnknown,
    ConversationTooLong,
    TokenChoice,
)
from luthier.domain.datasets import Message, Role, ToolCall
from luthier.engine.adapted_base import AdaptedBase
from luthier.engine.json_choice import JsonChoice
from luthier.engine.memory_use import used_bytes
from luthier.engine.sampling import Sampler
from luthier.engine.solo_decoder import SoloDecoder
from luthier.engine.text_stream import TextStream
from luthier.engine.token_chances import choice_of
from luthier.kit.clock import Clock


class Answering:
    """`next_piece` does a bounded part of the work, so that several answers can take turns."""

    def __init__(self, request: ChatRequest, base: AdaptedBase, clock: Clock, asked_at: float) -> None:
        self._request = request
        self._base = base
        self._clock = clock
        self._asked_at = asked_at
        self._first_at = 0.0
        renderer = base.loaded.renderer
        begun = renderer.call_form.beginning(request.must_call) if request.must_call is not None else ""
        self._prompt = _prompt_of(request, base, begun)
        context = base.loaded.shape.context_length
        if len(self._prompt) >= context:
            raise ConversationTooLong(tokens=len(self._prompt), limit=context)
        room = context - len(self._prompt)
        self._room = room if request.max_new_tokens is None else min(request.max_new_tokens, room)
        self._stops = frozenset(renderer.stop_ids)
        self._sampler = Sampler(request.temperature, request.top_p, request.seed)
        names = [str(tool["function"]["name"]) for tool in request.tools]
        # A mark of a call may be a control token, which plain decoding leaves out.
        self._stream = TextStream(lambda ids: renderer.decode(ids, control_tokens=bool(names)))
        self._calls = CallStream(renderer.call_form, names, begun) if names else None
        self._stop_texts = StopTexts(request.stop)
        self._json = JsonChoice(self._sampler, self._stream, self._stops) if request.json_only else None
        self._decoder: SoloDecoder | None = None
        self._tokens = 0
        self._reused = 0
        self._choices: list[TokenChoice] = []

    @property
    def base(self) -> AdaptedBase:
        return self._base

    def next_piece(self) -> ChatPiece:
        self._base.use(self._request.target.adapter_folder)
        if self._decoder is None:
            cache, self._reused = self._base.prefixes.begin(self._base.active, self._prompt)
            self._decoder = SoloDecoder(self._base.loaded.model, self._prompt, cache, self._reused)
        if not self._decoder.is_read:
            if not self._decoder.read_block():
                return ChatPiece()
            self._first_at = self._clock.monotonic()
        return self._next_token(self._decoder)

    def _next_token(self, decoder: SoloDecoder) -> ChatPiece:
        token = (self._json or self._sampler).choose(decoder.logits)
        if token in self._stops:
            return self._last_piece(decoder, "", "stop")
        self._tokens += 1
        if self._request.top_logprobs is not None:
            renderer = self._base.loaded.renderer
            self._choices.append(choice_of(decoder.logits, token, self._request.top_logprobs, renderer))
        text = self._stop_texts.push(self._stream.push(token))
        if self._stop_texts.found or (self._json is not None and self._json.is_whole):
            return self._last_piece(decoder, text, "stop")
        if self._tokens >= self._room:
            return self._last_piece(decoder, text, "length")
        decoder.step(token)
        told = self._calls.push(text) if self._calls is not None else text
        return ChatPiece(text=told, tokens=self._tokens, logprobs=self._take_choices(bool(told)))

    def _take_choices(self, is_told: bool) -> tuple[TokenChoice, ...]:
        """They go with the text that they are, which may have to wait for the rest of a character."""
        if not is_told:
            return ()
        taken, self._choices = tuple(self._choices), []
        return taken

    def _last_piece(self, decoder: SoloDecoder, text: str, stop_reason: str) -> ChatPiece:
        seconds = self._clock.monotonic() - self._first_at
        self._base.prefixes.keep(self._base.active, self._prompt, decoder.cache)
        if not self._stop_texts.found:
            text += self._stop_texts.push(self._stream.rest()) + self._stop_texts.rest()
        calls: tuple[ToolCall, ...] = ()
        if self._calls is not None:
            told = self._calls.push(text)
            rest, calls = self._calls.end()
            text = told + rest
        return ChatPiece(
            text=text,
            done=True,
            stop_reason="tool_calls" if calls and stop_reason == "stop" else stop_reason,
            tokens=self._tokens,
            prompt_tokens=len(self._prompt),
            reused_tokens=self._reused,
            tool_calls=calls,
            memory_bytes=used_bytes(),
            logprobs=self._take_choices(is_told=True),
            first_token_seconds=self._first_at - self._asked_at,
            tokens_per_second=self._tokens / seconds if seconds > 0 else 0.0,
        )


def _prompt_of(request: ChatRequest, base: AdaptedBase, begun: str) -> list[int]:
    renderer = base.loaded.renderer
    if request.text is not None:
        prompt = renderer.text_prompt_ids(request.text)
        if not prompt:
            raise ChatPromptEmpty
        return prompt
    return renderer.prompt_ids([_message(message) for message in request.messages], request.tools, begun)


def _message(message: ChatMessage) -> Message:
    if message.role not in set(Role):
        raise ChatRoleUnknown(role=message.role)
    return Message(Role(message.role), message.content, tool_calls=message.tool_calls, name=message.name)
