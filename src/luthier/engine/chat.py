"""The chat process: questions come as lines on standard input, answers go as lines to standard output, token by token.

Several answers take turns, one token each, so that a long one does not hold up a short one. It ends with its input.
"""

import os
import queue
import sys
import threading
import traceback
from typing import BinaryIO

from luthier.domain.chat import (
    Ask,
    ChatMessage,
    ChatPiece,
    ChatRequest,
    ChatRoleUnknown,
    ConversationTooLong,
    Refused,
    Said,
    ToChatWorker,
    Withdraw,
)
from luthier.domain.datasets import Message, Role
from luthier.domain.errors import LuthierError, UnexpectedFailure
from luthier.engine.chat_models import AdaptedBase, ChatModels
from luthier.engine.decoding import Decoder
from luthier.engine.sampling import Sampler
from luthier.engine.text_stream import TextStream
from luthier.kit.clock import Clock, SystemClock

_MAY_SPEAK = frozenset({Role.SYSTEM, Role.USER, Role.ASSISTANT})
Incoming = queue.SimpleQueue[bytes | None]


def serve() -> int:
    """Standard output is for answers only: whatever else a library prints goes to standard error."""
    output = os.fdopen(os.dup(sys.stdout.fileno()), "wb", buffering=0)
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    incoming: Incoming = queue.SimpleQueue()
    threading.Thread(target=_read, args=(sys.stdin.buffer, incoming), name="questions", daemon=True).start()
    ChatWorker(incoming, output, SystemClock()).run()
    return 0


def _read(source: BinaryIO, incoming: Incoming) -> None:
    for line in source:
        incoming.put(line)
    incoming.put(None)


class ChatWorker:
    def __init__(self, incoming: Incoming, output: BinaryIO, clock: Clock) -> None:
        self._incoming = incoming
        self._output = output
        self._clock = clock
        self._models = ChatModels()
        self._turns: dict[str, Answering] = {}

    @property
    def has_work(self) -> bool:
        return bool(self._turns)

    def run(self) -> None:
        while self.take_turns():
            pass

    def take_turns(self) -> bool:
        """One token for each answer on its way; waits when there is none. False when the input has ended."""
        if not self._take_questions():
            return False
        for identity, turn in list(self._turns.items()):
            self._advance(identity, turn)
        return True

    def _take_questions(self) -> bool:
        while True:
            try:
                line = self._incoming.get(block=not self.has_work)
            except queue.Empty:
                return True
            if line is None:
                return False
            match ToChatWorker.validate_json(line):
                case Ask(id=identity, request=request):
                    self._begin(identity, request)
                case Withdraw(id=identity):
                    self._turns.pop(identity, None)

    def _begin(self, identity: str, request: ChatRequest) -> None:
        asked_at = self._clock.monotonic()
        try:
            base = self._models.get(request.target)
            self._turns[identity] = Answering(request, base, self._clock, asked_at)
        except Exception as error:  # noqa: BLE001 - a rim: one question that fails must not end the others
            self._refuse(identity, error)

    def _advance(self, identity: str, turn: "Answering") -> None:
        try:
            piece = turn.next_piece()
        except Exception as error:  # noqa: BLE001 - as above
            self._refuse(identity, error)
            return
        if piece.text or piece.done:
            self._say(Said(id=identity, piece=piece))
        if piece.done:
            del self._turns[identity]

    def _refuse(self, identity: str, error: Exception) -> None:
        self._turns.pop(identity, None)
        if not isinstance(error, LuthierError):
            traceback.print_exc()
            error = UnexpectedFailure(what=f"{type(error).__name__} while answering", details=traceback.format_exc())
        self._say(Refused(id=identity, problem=error.problem))

    def _say(self, answer: Said | Refused) -> None:
        self._output.write(answer.model_dump_json().encode() + b"\n")


class Answering:
    """One answer on its way. The prompt is read when the first piece is asked for."""

    def __init__(self, request: ChatRequest, base: AdaptedBase, clock: Clock, asked_at: float) -> None:
        self._request = request
        self._base = base
        self._clock = clock
        self._asked_at = asked_at
        self._first_at = 0.0
        renderer = base.loaded.renderer
        self._prompt = renderer.prompt_ids([_message(message) for message in request.messages])
        self._stops = frozenset(renderer.stop_ids)
        context = base.loaded.shape.context_length
        if len(self._prompt) >= context:
            raise ConversationTooLong(tokens=len(self._prompt), limit=context)
        self._room = min(request.max_new_tokens, context - len(self._prompt))
        self._sampler = Sampler(request.temperature, request.top_p, request.seed)
        self._stream = TextStream(renderer.decode)
        self._decoder: Decoder | None = None
        self._tokens = 0

    def next_piece(self) -> ChatPiece:
        self._base.use(self._request.target.adapter_folder)
        if self._decoder is None:
            self._decoder = Decoder(self._base.loaded.model, [self._prompt])
            self._first_at = self._clock.monotonic()
        token = self._sampler.choose(self._decoder.logits[0])
        if token in self._stops:
            return self._last_piece("", "stop")
        self._tokens += 1
        text = self._stream.push(token)
        if self._tokens >= self._room:
            return self._last_piece(text, "length")
        self._decoder.step([token])
        return ChatPiece(text=text, tokens=self._tokens)

    def _last_piece(self, text: str, stop_reason: str) -> ChatPiece:
        seconds = self._clock.monotonic() - self._first_at
        return ChatPiece(
            text=text + self._stream.rest(),
            done=True,
            stop_reason=stop_reason,
            tokens=self._tokens,
            first_token_seconds=self._first_at - self._asked_at,
            tokens_per_second=self._tokens / seconds if seconds > 0 else 0.0,
        )


def _message(message: ChatMessage) -> Message:
    if message.role not in _MAY_SPEAK:
        raise ChatRoleUnknown(role=message.role)
    return Message(Role(message.role), message.content)
