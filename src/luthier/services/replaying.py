"""Plays a run's folder into an empty store: its history in order, and between two changes the facts of its journals.

What the store was told the first time is told again, so the run, its events, metrics and checkpoints are as they were.
"""

from collections.abc import Sequence
from pathlib import Path

from luthier.domain.run_states import RunMove
from luthier.domain.runs import Attempt, Run
from luthier.domain.versions import Version
from luthier.kit.journal import read_intact
from luthier.services.folders import RunFolder
from luthier.services.run_facts import FactFolder
from luthier.services.run_history import Change
from luthier.services.settling import run_moved, version_moved
from luthier.store import Transaction


def history_of(folder: RunFolder) -> list[Change]:
    return [Change.model_validate(record.body) for record in read_intact(folder.history)]


class Replay:
    """Of one run, into one transaction. `changes` must not be empty."""

    def __init__(self, tx: Transaction, folder: RunFolder, changes: Sequence[Change], root: Path) -> None:
        self._tx = tx
        self._folder = folder
        self._changes = changes
        self._root = root
        self._facts: dict[int, FactFolder] = {}
        self._offsets: dict[int, int] = {}
        self.versions: list[Version] = []

    def play(self) -> Run:
        """The run as it is at the end of its newest journal."""
        run: Run | None = None
        for change in self._changes:
            now = self._moved(change)
            if run is None:
                self._tx.runs.add(now)
                self._catch_up(change, now)
            elif change.attempt is not None:
                self._facts_until(run, change.attempt, change.attempt.journal_offset)
            self._take(change, now)
            run = now
        assert run is not None, "a history that is replayed holds a change"
        attempt = self._tx.attempts.get(run.run_id, run.attempt)
        if attempt is not None:
            run = self._facts_until(run, attempt, None)
            offset = self._offsets[attempt.number]
            self._tx.attempts.put(run.run_id, attempt.model_copy(update={"journal_offset": offset}))
        return run

    def _catch_up(self, first: Change, run: Run) -> None:
        """A run that was at work before histories were kept: what its workers did is in its journals all the same."""
        newest = first.attempt
        if newest is None:
            return
        for number in range(1, newest.number):
            self._facts_until(run, newest.model_copy(update={"number": number}), None)
        self._facts_until(run, newest, newest.journal_offset)

    def _take(self, change: Change, now: Run) -> None:
        tx = self._tx
        if any(event.body.get("move") == RunMove.RETRY for event in change.events):
            tx.metrics.clear(now.run_id)
            tx.checkpoints.clear(now.run_id)
        for event in change.events:
            tx.events.append(event.kind, event.run_id, event.author, event.body, event.at)
        tx.runs.update(now)
        if change.attempt is not None:
            tx.attempts.put(now.run_id, change.attempt)
        if change.version is not None:
            self.versions.append(version_moved(change.version, change.workspace_folder, self._root))

    def _facts_until(self, run: Run, attempt: Attempt, end: int | None) -> Run:
        """With what that attempt's journal says up to byte `end`, and was not played yet."""
        journal = self._folder.attempt(attempt.number).journal
        start = self._offsets.get(attempt.number, 0)
        records = read_intact(journal, start, end)
        size = journal.stat().st_size if journal.exists() else 0
        self._offsets[attempt.number] = size if end is None else max(start, end)
        if not records:
            return run
        facts = self._facts.setdefault(attempt.number, FactFolder(self._folder.root))
        return facts.apply(self._tx, run, records)

    def _moved(self, change: Change) -> Run:
        """With its paths where the workspace is now."""
        return run_moved(change.run, change.workspace_folder, self._root)
