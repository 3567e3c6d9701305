"""A process that has loaded what runs have in common, and forks a worker for each of them.

That is the programs, which take seconds to load, and for the runs of a sweep their base as well. A worker is as much by
itself as one that was started: it may be killed, run out of memory or change its model, and nobody else notices. What
was loaded lies in memory once for all of them, until one changes its own.
"""

import gc
import os
import select
import sys
import time
import traceback
from contextlib import suppress
from pathlib import Path

import torch

from luthier.data.token_shelf import TokenShelf
from luthier.domain.errors import LuthierError
from luthier.domain.forks import Forked, ForkEnded, ForkRequest
from luthier.engine.crash_points import CrashPoints
from luthier.engine.loading import hold
from luthier.engine.worker import run_attempt

_LOOK_SECONDS = 0.2
_IDLE_SECONDS = 30.0  # between two runs of a sweep, or two attempts of a run, lie moments


class _Requests:
    """Lines of the standard input. Nothing is buffered where `select` would not see it."""

    def __init__(self) -> None:
        self._rest = b""
        self.ended = False

    def wait(self, seconds: float) -> list[ForkRequest]:
        if self.ended:
            time.sleep(seconds)
            return []
        if not select.select([0], [], [], seconds)[0]:
            return []
        read = os.read(0, 1 << 16)
        self.ended = not read
        *lines, self._rest = (self._rest + read).split(b"\n")
        return [ForkRequest.model_validate_json(line) for line in lines]


def serve_forks(base_folder: Path | None = None, precision: str = "") -> int:
    """Until whoever holds the other end of the standard input is gone, or has asked for nothing for a while.

    Never before the last worker has ended, so that each has somebody who takes note of it.
    """
    threads = torch.get_num_threads()
    torch.set_num_threads(1)  # a pool of threads would not survive a fork
    if base_folder is not None:
        with suppress(LuthierError):  # each worker says by itself what is wrong with the base
            hold(base_folder, precision)
    gc.collect()
    gc.freeze()  # looking through what is shared would make it each worker's own
    requests, at_work, idle_seconds = _Requests(), set[int](), 0.0
    members: list[Path] = []
    while at_work or not (requests.ended or idle_seconds > _IDLE_SECONDS):
        asked = requests.wait(_LOOK_SECONDS)
        for request in asked:
            shelf = TokenShelf(Path(request.run_folder), members)
            pid = _fork(request, threads, shelf)
            members.append(Path(request.run_folder))
            at_work.add(pid)
            _tell(Forked(pid=pid))
        for pid, code in _ended(at_work):
            at_work.discard(pid)
            _tell(ForkEnded(pid=pid, code=code))
        idle_seconds = 0.0 if asked or at_work else idle_seconds + _LOOK_SECONDS
    return 0


def _fork(request: ForkRequest, threads: int, shelf: TokenShelf) -> int:
    pid = os.fork()
    if pid:
        return pid
    code = 1
    try:
        _become_a_worker(Path(request.log))
        torch.set_num_threads(threads)
        code = run_attempt(Path(request.run_folder), request.attempt, CrashPoints(), shelf)
    except BaseException:  # noqa: BLE001 - whatever it is, this process must not go on as a second one that forks
        traceback.print_exc()
    finally:
        with suppress(OSError):
            sys.stderr.flush()
        os._exit(code)


def _become_a_worker(log: Path) -> None:
    """With a session and a log of its own, and without the lines of the process that it was forked from."""
    os.setsid()
    nothing, output = os.open(os.devnull, os.O_RDONLY), os.open(log, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)
    for own, place in ((nothing, 0), (output, 1), (output, 2)):
        os.dup2(own, place)
    os.close(nothing)
    os.close(output)


def _ended(at_work: set[int]) -> list[tuple[int, int]]:
    found = []
    for pid in at_work:
        gone, status = os.waitpid(pid, os.WNOHANG)
        if gone:
            found.append((pid, os.waitstatus_to_exitcode(status)))
    return found


def _tell(what: Forked | ForkEnded) -> None:
    with suppress(BrokenPipeError):  # nobody listens any more; the workers go on by themselves
        os.write(1, what.model_dump_json().encode() + b"\n")
