"""Work in threads of this process, a few at a time; each has a folder, which says everywhere how far it is.

A folder holds `work.json` (what was asked), `progress.json`, `outcome.json` once it has ended, `cancel` when somebody
wants it to end, and a lock that the process which works on it holds. Work without outcome and lock is unfinished: it
can be begun again, and finds what it left in its folder; when it has ended, only what is named here stays, and after
a failure what was to be kept for another try.
"""

import shutil
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path, PurePosixPath
from typing import Any

from filelock import FileLock, Timeout

from luthier.domain.background import WorkState
from luthier.domain.errors import LuthierError, UnexpectedFailure
from luthier.domain.jobs import Progress
from luthier.health.disk import disk_full
from luthier.kit.clock import Clock
from luthier.kit.files import read_json, write_json
from luthier.kit.ids import new_id
from luthier.kit.locks import is_held
from luthier.services.work_folders import Kept, Outcome, ended_in, forget_end, progress_in, write_end

KEPT = timedelta(days=1)  # after the end, so that a page that was left open still learns of it
_BETWEEN_SAVES = 0.5  # seconds
_ENDS_WITHIN = 5.0  # seconds that closing waits for work to notice
_TAKES_LOCK_WITHIN = 1.0  # seconds; who looks at a state holds the lock for a moment

OnProgress = Callable[[Progress], None]
RunProcess = Callable[[Path, OnProgress], None]  # works on what a folder holds; ends when telling raises
Task = Callable[[Path, OnProgress], dict[str, Any]]  # may keep files in its folder; gives what came of it


class _CalledOff(Exception):
    """Raised inside the working thread, where it says how far it is, to end it."""


class _LeftOff(Exception):
    """As _CalledOff, when the process ends: the work stays unfinished."""


@dataclass(frozen=True, slots=True)
class _Turn:
    work_id: str
    task: Task
    lock: FileLock


class Background:
    """Safe to use from several threads; others of the same `root` may be open in other processes."""

    def __init__(
        self, root: Path, prefix: str, clock: Clock, at_once: int, kept_when_failed: Sequence[str] = ()
    ) -> None:
        """`prefix` begins the ids; `at_once` works at most are done at the same time, the others wait.

        `kept_when_failed` are files that a task finds again when it is tried again.
        """
        self._root = root
        self._prefix = prefix
        self._clock = clock
        self._at_once = at_once
        self._kept_when_failed = frozenset(kept_when_failed)
        self._guard = threading.Lock()
        self._waiting: deque[_Turn] = deque()
        self._running: dict[str, threading.Thread] = {}
        self._closing = False

    def begin(self, asked: dict[str, Any], task: Task) -> str:
        """The lock is taken before anything can be seen, so that nobody takes it for unfinished in between."""
        work_id, lock = self._new(asked)
        self._line_up(_Turn(work_id, task, lock))
        return work_id

    def run_here(self, asked: dict[str, Any], task: Task, on_progress: OnProgress) -> dict[str, Any]:
        """Works in the caller's thread, going on with unfinished work that was asked for alike; leaves no folder.

        What `on_progress` raises ends the work, which then is unfinished. A refusal of the task ends it for good,
        unless it left files that are kept: then it has failed, and is gone on with as well.
        """
        work_id, lock = self._left_alike(asked) or self._new(asked)
        folder = self._root / work_id
        try:
            result = task(folder, on_progress)
        except LuthierError as error:
            if self._is_worth_a_try(folder):
                self._end(work_id, Outcome(state=WorkState.FAILED, problem=error.problem))
            else:
                shutil.rmtree(folder, ignore_errors=True)
            raise
        finally:
            lock.release()
        shutil.rmtree(folder, ignore_errors=True)
        return result

    def begin_again(self, work_id: str, task: Task) -> None:
        """What somebody works on is left alone."""
        lock = self._lock(work_id)
        try:
            lock.acquire(timeout=_TAKES_LOCK_WITHIN)
        except Timeout:
            return
        forget_end(self._root / work_id)
        self._line_up(_Turn(work_id, task, lock))

    def cancel(self, work_id: str) -> None:
        """What has ended stays as it ended; what runs ends where it next says how far it is."""
        with self._guard:
            turn = next((each for each in self._waiting if each.work_id == work_id), None)
            if turn is not None:
                self._waiting.remove(turn)
        state = self.get(work_id).outcome.state
        if turn is not None or state is WorkState.UNFINISHED:
            self._end(work_id, Outcome(state=WorkState.CANCELLED))
        elif state.is_open:
            (self._root / work_id / "cancel").touch()
        if turn is not None:
            turn.lock.release()

    def forget(self, work_id: str) -> None:
        """What has ended, before its day is over."""
        if not self.get(work_id).outcome.state.is_open:
            shutil.rmtree(self.folder(work_id), ignore_errors=True)

    def get(self, work_id: str) -> Kept:
        """Raises KeyError."""
        folder = self.folder(work_id)
        begun = read_json(folder / "work.json")
        outcome = self._outcome(folder)
        progress = progress_in(folder) if outcome.state.is_open else None
        if outcome.state is WorkState.RUNNING and progress is None:
            outcome = Outcome(state=WorkState.WAITING)
        return Kept(
            work_id=work_id, asked=begun["asked"], begun_at=begun["begun_at"], progress=progress, outcome=outcome
        )

    def folder(self, work_id: str) -> Path:
        """Raises KeyError."""
        folder = self._root / PurePosixPath(work_id).name
        if not work_id.startswith(f"{self._prefix}_") or not (folder / "work.json").is_file():
            raise KeyError(work_id)
        return folder

    def list(self) -> "list[Kept]":
        """Newest first."""
        found: list[Kept] = []
        for folder in sorted(self._root.glob(f"{self._prefix}_*"), reverse=True):
            with suppress(KeyError, FileNotFoundError):  # work that leaves no folder may end in this moment
                found.append(self.get(folder.name))
        return found

    def close(self) -> None:
        """What is not done stays unfinished."""
        with self._guard:
            self._closing = True
            threads = list(self._running.values())
            while self._waiting:
                self._waiting.popleft().lock.release()
        for thread in threads:
            thread.join(_ENDS_WITHIN)

    # ── one work ─────────────────────────────────────────────────────────────────────────────────────────────────

    def _new(self, asked: dict[str, Any]) -> tuple[str, FileLock]:
        """A folder, and its lock, held."""
        self._tidy()
        work_id = new_id(self._prefix)
        (self._root / work_id).mkdir(parents=True)
        lock = self._lock(work_id)
        lock.acquire(timeout=_TAKES_LOCK_WITHIN)
        write_json(self._root / work_id / "work.json", {"asked": asked, "begun_at": self._clock.now()})
        return work_id, lock

    def _left_alike(self, asked: dict[str, Any]) -> tuple[str, FileLock] | None:
        """Work that was asked for like this and that nobody works on, and its lock, held."""
        for left in self.list():
            if left.asked == asked and self._can_go_on(left):
                lock = self._lock(left.work_id)
                with suppress(Timeout):
                    lock.acquire(timeout=0)
                    forget_end(self._root / left.work_id)
                    return left.work_id, lock
        return None

    def _can_go_on(self, left: Kept) -> bool:
        state = left.outcome.state
        has_failed = state is WorkState.FAILED
        return state is WorkState.UNFINISHED or (has_failed and self._is_worth_a_try(self._root / left.work_id))

    def _is_worth_a_try(self, folder: Path) -> bool:
        return any((folder / name).exists() for name in self._kept_when_failed)

    def _line_up(self, turn: _Turn) -> None:
        with self._guard:
            self._waiting.append(turn)
            self._begin_next()

    def _begin_next(self) -> None:
        """While the guard is held."""
        while self._waiting and len(self._running) < self._at_once and not self._closing:
            turn = self._waiting.popleft()
            thread = threading.Thread(target=self._run, args=(turn,), name=turn.work_id, daemon=True)
            self._running[turn.work_id] = thread
            thread.start()

    def _run(self, turn: _Turn) -> None:
        problem = UnexpectedFailure(what="the work broke off").problem
        outcome: Outcome | None = Outcome(state=WorkState.FAILED, problem=problem)
        try:
            outcome = Outcome(
                state=WorkState.DONE, result=turn.task(self._root / turn.work_id, self._telling(turn.work_id))
            )
        except _CalledOff:
            outcome = Outcome(state=WorkState.CANCELLED)
        except _LeftOff:
            outcome = None
        except LuthierError as error:
            outcome = Outcome(state=WorkState.FAILED, problem=error.problem)
        except OSError as error:
            full = disk_full(error, self._root)
            problem = full.problem if full else UnexpectedFailure(what=str(error)).problem
            outcome = Outcome(state=WorkState.FAILED, problem=problem)
        finally:
            with self._giving_up_the_turn(turn):
                if outcome is not None:
                    self._end(turn.work_id, outcome)

    @contextmanager
    def _giving_up_the_turn(self, turn: _Turn) -> Iterator[None]:
        try:
            yield
        finally:
            turn.lock.release()
            with self._guard:
                del self._running[turn.work_id]
                self._begin_next()

    def _telling(self, work_id: str) -> OnProgress:
        folder = self._root / work_id
        saved_at = -_BETWEEN_SAVES

        def tell(progress: Progress) -> None:
            nonlocal saved_at
            if self._closing:
                raise _LeftOff
            if (folder / "cancel").exists():
                raise _CalledOff
            if time.monotonic() - saved_at >= _BETWEEN_SAVES:
                write_json(folder / "progress.json", progress.model_dump(mode="json"))
                saved_at = time.monotonic()

        tell(Progress(what="beginning", done=0, total=0))
        saved_at = -_BETWEEN_SAVES
        return tell

    def _end(self, work_id: str, outcome: Outcome) -> None:
        write_end(self._root / work_id, outcome, self._kept_when_failed)

    def _outcome(self, folder: Path) -> Outcome:
        ended = ended_in(folder)
        if ended is not None:
            return ended
        if is_held(self._lock(folder.name)):
            return Outcome(state=WorkState.RUNNING)
        return ended_in(folder) or Outcome(state=WorkState.UNFINISHED)  # it may have ended in between

    def _lock(self, work_id: str) -> FileLock:
        return FileLock(self._root / work_id / "lock", thread_local=False)  # taken in one thread, let go in another

    def _tidy(self) -> None:
        oldest = (self._clock.now() - KEPT).timestamp()
        for folder in self._root.glob(f"{self._prefix}_*"):
            outcome = folder / "outcome.json"
            if outcome.exists() and outcome.stat().st_mtime < oldest:
                shutil.rmtree(folder, ignore_errors=True)
