"""Tokenising on all cores: batches go to processes of our own through pipes, and come back in their order."""

import subprocess
import sys
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, suppress
from datetime import datetime
from functools import partial
from pathlib import Path
from queue import SimpleQueue
from typing import Self

from luthier.data.canonical import to_line
from luthier.data.render import Renderer, TrainOn
from luthier.data.tokenised import Tokenised
from luthier.domain.datasets import Example, TokenisingBroke
from luthier.domain.errors import Problem, ReportedProblem
from luthier.kit.frames import read_frame, write_frame
from luthier.kit.frozen import Frozen
from luthier.kit.threads import in_turn, worthwhile_threads

ANSWERED, REFUSED = b"+", b"-"  # how an answer begins
_MODULE = "luthier.data.tokenising_process"


class Wish(Frozen):
    """What a process is told first."""

    base_folder: Path
    today: datetime | None
    train_on: TrainOn


def tokenised_beside(batches: Iterator[list[Example]], renderer: Renderer, train_on: TrainOn) -> Iterator[Tokenised]:
    """By one process for each core, up to a few. Raises TokenisingBroke, and what a process reports of a row."""
    count = worthwhile_threads()
    wish = Wish(base_folder=renderer.files.folder, today=renderer.today, train_on=train_on)
    free: SimpleQueue[_Process] = SimpleQueue()
    with ExitStack() as processes, ThreadPoolExecutor(count, thread_name_prefix="tokenise") as pool:
        for _ in range(count):
            free.put(processes.enter_context(_Process(wish)))
        yield from in_turn(pool, (partial(_by_one, free, batch) for batch in batches), 2 * count)


def _by_one(free: "SimpleQueue[_Process]", batch: Sequence[Example]) -> Tokenised:
    process = free.get()
    try:
        return process.ask(b"".join(map(to_line, batch)))
    finally:
        free.put(process)


class _Process:
    """It ends when nobody can ask it any more, so not even a parent that was killed leaves it behind."""

    def __init__(self, wish: Wish) -> None:
        command = [sys.executable, "-m", _MODULE]
        self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)  # noqa: S603 - ours
        assert self._process.stdin is not None and self._process.stdout is not None
        self._asked, self._answers = self._process.stdin, self._process.stdout
        self._send(wish.model_dump_json().encode())

    def ask(self, lines: bytes) -> Tokenised:
        self._send(lines)
        answer = read_frame(self._answers)
        if answer is None:
            raise TokenisingBroke
        if answer[:1] == REFUSED:
            raise ReportedProblem(Problem.model_validate_json(answer[1:]))
        return Tokenised.from_bytes(answer[1:])

    def _send(self, content: bytes) -> None:
        try:
            write_frame(self._asked, content)
        except BrokenPipeError as error:
            raise TokenisingBroke from error

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._process.kill()  # it holds nothing that would be missed
        self._process.wait()
        self._answers.close()
        with suppress(BrokenPipeError):  # of what was still to be sent
            self._asked.close()
