"""One process that runs models for chatting, and the lines to and from it; it ends when whoever started it ends."""

import queue
import subprocess
import sys
import threading
from collections.abc import Generator, Mapping
from pathlib import Path

from luthier.domain.chat import (
    Ask,
    ChatLimits,
    ChatPiece,
    ChatRequest,
    ChatWorkerLost,
    Embed,
    Embedded,
    Embedding,
    EmbeddingRequest,
    FromChatWorker,
    Likelihood,
    LikelihoodRequest,
    Question,
    Refused,
    Reply,
    Said,
    Weigh,
    Weighed,
    Withdraw,
)
from luthier.domain.errors import ReportedProblem
from luthier.kit.children import end_child
from luthier.kit.ids import new_id

_LAST_WORDS = 2000  # bytes of its log that explain a loss

Answers = queue.SimpleQueue[Reply | None]  # None: the process is gone


class ChatProcess:
    """Thread-safe. Its standard input is a pipe that only we hold, so it sees an end of file when we are gone."""

    def __init__(self, log: Path, environment: Mapping[str, str], limits: ChatLimits) -> None:
        self._log = log
        self._lock = threading.Lock()
        self._waiting: dict[str, Answers] = {}
        self._lost = False
        with open(log, "ab") as errors:
            self._process = subprocess.Popen(  # noqa: S603 - our own module, with limits that are numbers
                [sys.executable, "-m", "luthier.engine", "chat", limits.model_dump_json()],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=errors,
                env=dict(environment),
                bufsize=0,
                start_new_session=True,  # Ctrl-C in a terminal is for the answer, not for the process
            )
        self._reader = threading.Thread(target=self._deliver, name="chat answers", daemon=True)
        self._reader.start()

    @property
    def is_alive(self) -> bool:
        return not self._lost and self._process.poll() is None

    @property
    def is_busy(self) -> bool:
        return bool(self._waiting)

    def answer(self, request: ChatRequest) -> Generator[ChatPiece, None, None]:
        """Pieces up to the one that is done; leaving earlier withdraws the question.

        Raises ReportedProblem for what went wrong with the answer, ChatWorkerLost when the process ends before it.
        """
        for reply in self._replies(Ask(id=new_id("ask"), request=request)):
            assert isinstance(reply, Said), "a question is answered in pieces"
            yield reply.piece

    def embed(self, request: EmbeddingRequest) -> tuple[Embedding, ...]:
        """One for each text. Raises what `answer` raises."""
        (reply,) = self._replies(Embed(id=new_id("ask"), request=request))
        assert isinstance(reply, Embedded), "texts are answered with what they mean"
        return reply.embeddings

    def weigh(self, request: LikelihoodRequest) -> Likelihood:
        """Raises what `answer` raises."""
        (reply,) = self._replies(Weigh(id=new_id("ask"), request=request))
        assert isinstance(reply, Weighed), "a text is answered with its likelihood"
        return reply.likelihood

    def _replies(self, question: Ask | Embed | Weigh) -> Generator[Said | Embedded | Weighed, None, None]:
        answers: Answers = queue.SimpleQueue()
        with self._lock:
            self._waiting[question.id] = answers
        finished = False
        try:
            self._tell(question)
            while not finished:
                match answers.get():
                    case Refused(problem=problem):
                        finished = True
                        raise ReportedProblem(problem)
                    case None:
                        raise ChatWorkerLost(details=self._last_words())
                    case reply:
                        finished = not isinstance(reply, Said) or reply.piece.done
                        yield reply
        finally:
            with self._lock:
                self._waiting.pop(question.id, None)
            if not finished and not self._lost:
                self._tell(Withdraw(id=question.id))

    def end(self) -> None:
        end_child(self._process)
        self._reader.join()
        for stream in (self._process.stdin, self._process.stdout):
            if stream is not None:
                stream.close()

    def _tell(self, message: Question) -> None:
        assert self._process.stdin is not None
        try:
            with self._lock:
                self._process.stdin.write(message.model_dump_json().encode() + b"\n")
        except (OSError, ValueError):  # the pipe is broken, or closed by `end`; the reader tells all who wait
            self._lose()

    def _deliver(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            message = FromChatWorker.validate_json(line)
            with self._lock:
                answers = self._waiting.get(message.id)
            if answers is not None:
                answers.put(message)
        self._lose()

    def _lose(self) -> None:
        with self._lock:
            self._lost = True
            for answers in self._waiting.values():
                answers.put(None)

    def _last_words(self) -> str:
        with open(self._log, "rb") as file:
            file.seek(0, 2)
            file.seek(max(0, file.tell() - _LAST_WORDS))
            return file.read().decode(errors="replace")
