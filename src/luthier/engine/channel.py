"""The worker's only line to the world: facts go to journal.jsonl, wishes come from commands.jsonl and signals."""

import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Any, Literal, Self

from luthier.domain.jobs import (
    DURABLE,
    HEARTBEAT_SECONDS,
    LAST_WORDS,
    SOON_DURABLE,
    Activity,
    Fact,
    Heartbeat,
    Phase,
    PhaseName,
    Progress,
)
from luthier.engine.log import log
from luthier.kit.clock import Clock
from luthier.kit.journal import JournalWriter, read_journal

Wish = Literal["stop", "cancel"]
EXIT_SUPERSEDED = 75
_PROGRESS_SECONDS = 0.2  # a person cannot read faster, and each fact costs a write


class Interrupted(Exception):
    """The attempt is to end early; raised only where everything is consistent."""

    def __init__(self, wish: Wish) -> None:
        super().__init__(wish)
        self.wish = wish


class JournalLost(OSError):
    """The journal cannot be written any more, so nothing this attempt does would ever be known."""


class Channel:
    """Thread-safe. As a context manager it beats once a second, so that a hang is told from slow work.

    A worker that was frozen and replaced ends at its next word.
    """

    def __init__(self, attempt_folder: Path, token: int, clock: Clock) -> None:
        self._journal = JournalWriter(attempt_folder / "journal.jsonl", clock)
        self._commands = attempt_folder / "commands.jsonl"
        self._token = token
        self._attempt = int(attempt_folder.name)
        self._run_folder = attempt_folder.parents[1]
        self._successor = attempt_folder.with_name(f"{self._attempt + 1:03d}") / "job.json"
        self._clock = clock
        self._lock = threading.Lock()
        self._ended = threading.Event()
        self._heart = threading.Thread(target=self._beat, name="heartbeat", daemon=True)
        self._commands_read = 0
        self._wish: Wish | None = None
        self._lost: OSError | None = None
        self._over = False
        self._progress_at = float("-inf")
        self.phase: Activity = "loading"
        self.step = 0
        self.busy = 0

    def say(self, fact: Fact) -> None:
        """Raises JournalLost when the fact cannot be kept."""
        body = fact.model_dump(mode="json", exclude={"kind"})
        with self._lock:
            if self._over:
                return  # the heart has beaten once more
            self._append(fact.kind, body)
            self._over = fact.kind in LAST_WORDS
        log(fact, self._clock.now(), self._run_folder.name, self._attempt)

    def enter(self, phase: PhaseName) -> None:
        self.phase = phase
        self._progress_at = float("-inf")
        self.say(Phase(phase=phase))

    @contextmanager
    def saving(self) -> Iterator[None]:
        """The heart says meanwhile that a checkpoint is written, which has a watchdog's limit of its own."""
        phase, self.phase = self.phase, "checkpoint"
        try:
            yield
        finally:
            self.phase = phase
            self.busy += 1

    def progress(self, what: str, done: int, total: int) -> None:
        """Counts as work done; written a few times a second at most, and always when complete."""
        self.busy += 1
        now = self._clock.monotonic()
        if done < total and now - self._progress_at < _PROGRESS_SECONDS:
            return
        self._progress_at = now
        self.say(Progress(what=what, done=done, total=total))

    def ask(self, wish: Wish) -> None:
        """A wish from inside this process, e.g. a signal handler; a cancel is never weakened to a stop."""
        if self._wish != "cancel":
            self._wish = wish

    def wish(self) -> Wish | None:
        """The strongest wish so far. Commands for another attempt's token are not for us."""
        records, self._commands_read = read_journal(self._commands, self._commands_read)
        for record in records:
            if record.body.get("token") == self._token and record.kind in ("stop", "cancel"):
                self.ask("cancel" if record.kind == "cancel" else "stop")
        return self._wish

    def should_stop(self) -> bool:
        return self.wish() is not None

    def obey(self) -> None:
        """Raises Interrupted when there is a wish; called where stopping loses nothing."""
        wish = self.wish()
        if wish is not None:
            raise Interrupted(wish)

    def __enter__(self) -> Self:
        self._heart.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._ended.set()
        self._heart.join()
        self._journal.close()

    def _beat(self) -> None:
        while not self._ended.wait(HEARTBEAT_SECONDS):
            beat = Heartbeat(phase=self.phase, step=self.step, busy=self.busy)
            try:
                self.say(beat)
            except JournalLost:
                return  # the main thread meets the same error at its next fact

    def still_ours(self) -> None:
        """Ends the process when the run is another attempt's now: nothing that this one does may count."""
        if self._successor.exists():
            os._exit(EXIT_SUPERSEDED)

    def _append(self, kind: str, body: dict[str, Any]) -> None:
        self.still_ours()
        if self._lost is not None:
            raise JournalLost(*self._lost.args) from self._lost
        try:
            self._journal.append(kind, body, durable=kind in DURABLE, soon=kind in SOON_DURABLE)
        except OSError as error:
            self._lost = error
            raise JournalLost(*error.args) from error
