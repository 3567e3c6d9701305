"""The chat process: questions come as lines on standard input, answers go as lines to standard output, token by token.

Several answers take turns, one token or one block of a prompt each, so that a long one does not hold up a short one.
Questions begin in the order in which they came; those that cannot begin yet wait, not too many and not too long. The
process ends with its input.
"""

import os
import queue
import sys
import threading
import traceback
from collections import deque
from typing import BinaryIO, NamedTuple

from luthier.domain.chat import (
    Ask,
    ChatLimits,
    ChatQueueFull,
    ChatTarget,
    ChatWaitedTooLong,
    Embed,
    Embedded,
    NoEmbeddings,
    NoLikelihoods,
    Refused,
    Reply,
    Said,
    ToChatWorker,
    Weigh,
    Weighed,
    Withdraw,
)
from luthier.domain.errors import LuthierError, UnexpectedFailure
from luthier.engine.adapted_base import AdaptedBase
from luthier.engine.answering import Answering
from luthier.engine.chat_models import ChatModels, Model
from luthier.engine.embedding import embed
from luthier.engine.gguf_chat import GgufAnswering, GgufModel
from luthier.engine.likelihood import likelihood_of
from luthier.kit.clock import Clock, SystemClock

_LOOK_UP_SECONDS = 1.0  # how often a process without work sees whether a model has been idle for too long
Incoming = queue.SimpleQueue[bytes | None]
Turn = Answering | GgufAnswering


def serve(limits: ChatLimits) -> int:
    """Standard output is for answers only: whatever else a library prints goes to standard error."""
    output = os.fdopen(os.dup(sys.stdout.fileno()), "wb", buffering=0)
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    incoming: Incoming = queue.SimpleQueue()
    threading.Thread(target=_read, args=(sys.stdin.buffer, incoming), name="questions", daemon=True).start()
    ChatWorker(incoming, output, SystemClock(), limits).run()
    return 0


def _read(source: BinaryIO, incoming: Incoming) -> None:
    for line in source:
        incoming.put(line)
    incoming.put(None)


class _Waiting(NamedTuple):
    question: Ask | Embed | Weigh
    asked_at: float

    @property
    def target(self) -> ChatTarget:
        return self.question.request.target


class ChatWorker:
    def __init__(self, incoming: Incoming, output: BinaryIO, clock: Clock, limits: ChatLimits) -> None:
        self._incoming = incoming
        self._output = output
        self._clock = clock
        self._limits = limits
        self._models = ChatModels(limits, clock)
        self._waiting: deque[_Waiting] = deque()
        self._turns: dict[str, Turn] = {}

    @property
    def has_work(self) -> bool:
        return bool(self._turns or self._waiting)

    def run(self) -> None:
        while self.take_turns():
            pass

    def take_turns(self) -> bool:
        """A turn for each answer on its way; waits when there is none. False when the input has ended."""
        if not self._take_questions():
            return False
        self._models.give_up_idle(self._busy)
        self._begin_those_that_can()
        for identity, turn in list(self._turns.items()):
            self._advance(identity, turn)
        return True

    @property
    def _busy(self) -> list[Model]:
        return [turn.base for turn in self._turns.values()]

    def _take_questions(self) -> bool:
        while True:
            try:
                line = self._incoming.get(block=not self.has_work, timeout=_LOOK_UP_SECONDS)
            except queue.Empty:
                return True
            if line is None:
                return False
            match ToChatWorker.validate_json(line):
                case Withdraw(id=identity):
                    turn = self._turns.pop(identity, None)
                    if isinstance(turn, GgufAnswering):
                        turn.close()
                    self._waiting = deque(each for each in self._waiting if each.question.id != identity)
                case question if len(self._waiting) >= self._limits.waiting + self._free_places:
                    self._refuse(question.id, ChatQueueFull(waiting=len(self._waiting)))
                case question:
                    self._waiting.append(_Waiting(question, self._clock.monotonic()))

    @property
    def _free_places(self) -> int:
        return max(0, self._limits.answers_at_once - len(self._turns))

    def _begin_those_that_can(self) -> None:
        """In their order: whoever waits for room is not overtaken, or it could wait for ever."""
        while self._waiting and self._clock.monotonic() - self._waiting[0].asked_at > self._limits.wait_seconds:
            late = self._waiting.popleft()
            self._refuse(late.question.id, ChatWaitedTooLong(seconds=round(self._limits.wait_seconds)))
        while self._waiting and self._free_places:
            first = self._waiting[0]
            try:
                base = self._models.get(first.target, self._busy)
                if base is None:
                    return
                self._begin(first, base)
            except Exception as error:  # noqa: BLE001 - a rim: one question that fails must not end the others
                self._refuse(first.question.id, error)
            self._waiting.popleft()

    def _begin(self, first: _Waiting, base: Model) -> None:
        match first.question, base:
            case Ask(id=identity, request=request), GgufModel():
                self._turns[identity] = GgufAnswering(request, base, self._clock, first.asked_at)
            case Embed(request=asked), GgufModel():
                raise NoEmbeddings(name=asked.target.label)
            case Weigh(request=given), GgufModel():
                raise NoLikelihoods(name=given.target.label)
            case Weigh(id=identity, request=given), AdaptedBase():
                self._say(Weighed(id=identity, likelihood=likelihood_of(base, given)))
            case Ask(id=identity, request=request), AdaptedBase():
                self._turns[identity] = Answering(request, base, self._clock, first.asked_at)
            case Embed(id=identity, request=asked), AdaptedBase():
                adapter = asked.target.adapter_folder
                self._say(Embedded(id=identity, embeddings=tuple(embed(base, adapter, text) for text in asked.texts)))

    def _advance(self, identity: str, turn: Turn) -> None:
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
            traceback.print_exception(error)
            error = UnexpectedFailure(what=f"{type(error).__name__} while answering", details=repr(error))
        self._say(Refused(id=identity, problem=error.problem))

    def _say(self, answer: Reply) -> None:
        self._output.write(answer.model_dump_json().encode() + b"\n")
