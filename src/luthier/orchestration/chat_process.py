"""One process that runs models for chatting, and the lines to and from it; it ends when whoever started it ends."""

import queue
import subprocess
import sys
import threading
from collections.abc import Generator, Mapping
from pathlib import Path

from luthier.domain.chat import Ask, ChatPiece, ChatRequest, ChatWorkerLost, FromChatWorker, Refused, Said, Withdraw
from luthier.domain.errors import ReportedProblem
from luthier.kit.children import end_child
from luthier.kit.ids import new_id

_LAST_WORDS = 2000  # bytes of its log that explain a loss

Answers = queue.SimpleQueue[Said | Refused | None]  # None: the process is gone


class ChatProcess:
    """Thread-safe. Its standard input is a pipe that only we hold, so it sees an end of file when we are gone."""

    def __init__(self, log: Path, environment: Mapping[str, str]) -> None:
        self._log = log
        self._lock = threading.Lock()
        self._waiting: dict[str, Answers] = {}
        self._lost = False
        with open(log, "ab") as errors:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "luthier.engine", "chat"],
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
        identity = new_id("ask")
        answers: Answers = queue.SimpleQueue()
        with self._lock:
            self._waiting[identity] = answers
        finished = False
        try:
            self._tell(Ask(id=identity, request=request))
            while not finished:
                match answers.get():
                    case Said(piece=piece):
                        finished = piece.done
                        yield piece
                    case Refused(problem=problem):
                        finished = True
                        raise ReportedProblem(problem)
                    case None:
                        raise ChatWorkerLost(details=self._last_words())
        finally:
            with self._lock:
                self._waiting.pop(identity, None)
            if not finished and not self._lost:
                self._tell(Withdraw(id=identity))

    def end(self) -> None:
        end_child(self._process)
        self._reader.join()
        for stream in (self._process.stdin, self._process.stdout):
            if stream is not None:
                stream.close()

    def _tell(self, message: Ask | Withdraw) -> None:
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
