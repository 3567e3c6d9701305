"""Exports: asked for, made in the background with progress and cancel, proven, listed, removed."""

import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from luthier.domain.background import WorkState
from luthier.domain.errors import LuthierError
from luthier.domain.exports import Export, ExportBusy, ExportDone, ExportRequest
from luthier.export.facts import tensor_types
from luthier.kit.clock import Clock
from luthier.services.background import Background, OnProgress, Task
from luthier.services.export_making import ExportMaking
from luthier.services.folders import Folders
from luthier.services.work_folders import Kept
from luthier.store import Store

AT_ONCE = 1  # each holds a model in memory


class Exports:
    def __init__(self, store: Store, folders: Folders, making: ExportMaking, clock: Clock) -> None:
        self._store = store
        self._folders = folders
        self._making = making
        self._background = Background(folders.export_work, "exp", clock, AT_ONCE)

    @property
    def kinds(self) -> tuple[str, ...]:
        """Of GGUF, finest first."""
        return tuple(kind.name for kind in tensor_types().kinds)

    def make(self, version: str, request: ExportRequest) -> Export:
        """Begins it and returns at once. What can be refused without reading weights is refused now."""
        asked = self._making.check(version, request).model_dump(mode="json")
        return self.get(self._background.begin(asked, self._task()))

    def make_here(self, version: str, request: ExportRequest, on_progress: OnProgress) -> Export:
        """Makes it in this thread. What `on_progress` raises ends it, and nothing of it is kept."""
        asked = self._making.check(version, request).model_dump(mode="json")
        place: list[str] = []

        def task(folder: Path, tell: OnProgress) -> dict[str, Any]:
            place.append(folder.name)
            return self._making.make(folder, tell)

        try:
            result = self._background.run_here(asked, task, on_progress)
        except LuthierError:
            raise
        except BaseException:
            for work_id in place:
                self._background.cancel(work_id)
            raise
        return self.get(result["export_id"])

    def get(self, reference: str) -> Export:
        """By id, or the beginning of one. Raises ExportNotFound."""
        found = [export for export in self._unfinished() if _begins(export.export_id, reference)]
        if len(found) == 1:
            return found[0]
        with self._store.reading() as tx:
            return tx.exports.find(reference)

    def list(self, version_id: str | None = None) -> "list[Export]":
        """Newest first: what is being made or was not made, and then what was."""
        with self._store.reading() as tx:
            done = tx.exports.list(version_id)
        open_ones = [each for each in self._unfinished() if version_id in (None, each.version_id)]
        return [*open_ones, *done]

    def cancel(self, reference: str) -> Export:
        """Nothing of it is kept. What is done stays."""
        export = self.get(reference)
        if export.state is WorkState.DONE:
            return export
        self._background.cancel(export.export_id)
        return self.get(export.export_id)

    def begin_again(self, reference: str) -> Export:
        """From its beginning. Raises ExportDone."""
        export = self.get(reference)
        if export.state is WorkState.DONE:
            raise ExportDone(version=export.version, export=export.export_id)
        if not export.state.is_open:
            self._background.begin_again(export.export_id, self._task())
        return self.get(export.export_id)

    def remove(self, reference: str) -> Export:
        """With its files. Raises ExportBusy while it is being made."""
        export = self.get(reference)
        if export.state.is_open:
            raise ExportBusy(version=export.version, export=export.export_id)
        with self._store.writing() as tx:
            tx.exports.remove(export.export_id)
        shutil.rmtree(self._folders.exports / export.export_id, ignore_errors=True)
        shutil.rmtree(self._folders.export_work / export.export_id, ignore_errors=True)
        return export

    def close(self) -> None:
        """What is not done is unfinished from now on."""
        self._background.close()

    def _task(self) -> Task:
        return self._making.make

    def _unfinished(self) -> Sequence[Export]:
        kept = (each for each in self._background.list() if each.outcome.state is not WorkState.DONE)
        return [_export_of(each) for each in kept]


def _export_of(kept: Kept) -> Export:
    export = Export.model_validate(kept.asked)
    return export.model_copy(
        update={
            "export_id": kept.work_id,
            "state": kept.outcome.state,
            "begun_at": kept.begun_at,
            "progress": kept.progress,
            "problem": kept.outcome.problem,
        }
    )


def _begins(export_id: str, reference: str) -> bool:
    beginning = reference.lower().removeprefix("exp_")
    return bool(beginning) and export_id.removeprefix("exp_").startswith(beginning)
