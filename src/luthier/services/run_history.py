"""Writes into a run's own folder what its journals do not hold: who moved it and why, and what it was then.

With it, and the journals, the database can be made again from the folders (`services/reindexing.py`).
"""

from collections import defaultdict
from pathlib import Path
from typing import Any

from luthier.domain.events import Event
from luthier.domain.run_states import RunState
from luthier.domain.runs import Attempt, Run
from luthier.domain.versions import Version
from luthier.kit.clock import Clock
from luthier.kit.frozen import Frozen
from luthier.kit.journal import JournalWriter, Record, cut_last
from luthier.services.folders import Folders, RunFolder
from luthier.services.registry import note_registered
from luthier.store import Transaction

CHANGED = "changed"  # the kind of the records in history.jsonl
NAMED = "named"  # and in a dataset's versions.jsonl


class Change(Frozen):
    """One transaction's part of a run's history: what happened, and everything as it was afterwards."""

    workspace_folder: str  # where the paths in it began; a workspace can be moved
    events: tuple[Event, ...]
    run: Run
    attempt: Attempt | None  # the newest; its `journal_offset` says which facts came before these events
    version: Version | None  # that the run was registered as


class History:
    """The recorder of a workspace's store: it writes before the commit, so that nobody sees what the folder lacks.

    A process that is killed just then leaves a change that never counted; the next one takes it away.
    """

    def __init__(self, folders: Folders, clock: Clock) -> None:
        self._folders = folders
        self._clock = clock

    def __call__(self, tx: Transaction) -> None:
        by_run: defaultdict[str, list[Event]] = defaultdict(list)
        for event in tx.events.appended:
            if event.run_id is not None and event.author != "worker":  # the worker's are in its journals
                by_run[event.run_id].append(event)
        for run_id, events in by_run.items():
            self._note_run(tx, run_id, events)
        note_registered(tx, self._folders)
        for dataset in tx.datasets.added:
            place = self._folders.dataset_versions(dataset.dataset_id)
            if place.parent.is_dir():
                self._append(place, NAMED, dataset.model_dump(mode="json"), first_seq=dataset.version)

    def _note_run(self, tx: Transaction, run_id: str, events: list[Event]) -> None:
        """A run whose folder is elsewhere, because several workspaces share the database, has its history there."""
        run, folder = tx.runs.get(run_id), self._folders.run(run_id)
        if run is None or not folder.root.is_dir():
            return
        forget_undone(tx, folder)
        registered = run.version_id if run.state is RunState.COMPLETED else None
        change = Change(
            workspace_folder=str(self._folders.root),
            events=tuple(events),
            run=run,
            attempt=tx.attempts.get(run_id, run.attempt),
            version=tx.versions.get(registered) if registered else None,
        )
        self._append(folder.history, CHANGED, change.model_dump(mode="json"), first_seq=events[0].seq)

    def _append(self, path: Path, kind: str, body: dict[str, Any], first_seq: int) -> None:
        writer = JournalWriter(path, self._clock, first_seq)
        try:
            writer.append(kind, body, durable=True)
        finally:
            writer.close()


def forget_undone(tx: Transaction, folder: RunFolder) -> None:
    """Takes from the end of a run's history what its database does not know to have happened."""

    def is_undone(record: Record) -> bool:
        return not tx.events.holds(Change.model_validate(record.body).events[-1])

    cut_last(folder.history, is_undone)
