"""Imports: each is a folder until its dataset is there, so that it can be watched, called off and gone on with."""

from collections.abc import Callable
from pathlib import Path, PurePosixPath

from luthier.connectors.dataset_sources import is_reference, without_secrets
from luthier.data.import_journal import SAVE_SECONDS, ImportJournal, rows_saved
from luthier.domain.background import WorkState
from luthier.domain.datasets import Dataset
from luthier.domain.imports import Import, ImportEnded, ImportNotFound, ImportRequest, ImportSourceNotKept
from luthier.domain.jobs import Progress
from luthier.kit.clock import Clock
from luthier.kit.ids import new_id
from luthier.services.background import Background, OnProgress, Task
from luthier.services.datasets import Datasets
from luthier.services.folders import Folders
from luthier.services.scenarios import Scenarios
from luthier.services.uploads import Uploads
from luthier.services.work_folders import Kept

AT_ONCE = 2  # more would only take the processor from each other, and from the pages


class Imports:
    def __init__(
        self,
        datasets: Datasets,
        scenarios: Scenarios,
        uploads: Uploads,
        folders: Folders,
        clock: Clock,
        save_seconds: float = SAVE_SECONDS,
    ) -> None:
        """`save_seconds` of work are what a kill may cost."""
        self._save_seconds = save_seconds
        self._scenarios = scenarios
        self._datasets = datasets
        self._uploads = uploads
        self._background = Background(folders.imports, "imp", clock, AT_ONCE)

    def run(self, request: ImportRequest, on_progress: OnProgress | None = None) -> Dataset:
        """Imports here and now; goes on with an import of the same source that something ended.

        Whatever `on_progress` raises ends the work, which the same request then goes on with. What was sent is not
        kept beside its dataset.
        """
        made = self._background.run_here(_written(request), self._task_of(request), on_progress or _silently)
        return self._datasets.get(made["dataset_id"])

    def begin(self, request: ImportRequest) -> Import:
        """Imports in the background of this process."""
        return self.get(self._background.begin(_written(request), self._task_of(request)))

    def resume(self, import_id: str) -> Import:
        """One that is running is left alone. Raises ImportEnded and ImportSourceNotKept when it cannot go on."""
        job = self.get(import_id)
        if job.state is WorkState.UNFINISHED and is_reference(job.request.path):
            raise ImportSourceNotKept(file=job.file)
        if job.state is WorkState.UNFINISHED:
            self._background.begin_again(import_id, self._task_of(job.request))
        elif not job.state.is_open:
            raise ImportEnded(file=job.file, state=job.state.value)
        return self.get(import_id)

    def cancel(self, import_id: str) -> Import:
        """Nothing of it is kept. One that has ended stays as it ended."""
        self.get(import_id)
        self._background.cancel(import_id)
        return self.get(import_id)

    def get(self, import_id: str) -> Import:
        """Raises ImportNotFound."""
        try:
            return self._import_of(self._background.get(import_id))
        except KeyError:
            raise ImportNotFound(import_id=import_id) from None

    def list(self) -> "list[Import]":
        """Newest first."""
        return [self._import_of(kept) for kept in self._background.list()]

    def close(self) -> None:
        """What is not done is unfinished from now on."""
        self._background.close()

    def _task_of(self, request: ImportRequest) -> Task:
        def task(folder: Path, tell: OnProgress) -> dict[str, str | int]:
            dataset = self._bring_in(folder, request, tell)
            if request.upload_id is not None:
                self._uploads.discard(request.upload_id)
            return {"dataset_id": dataset.dataset_id, "rows": dataset.report.rows}

        return task

    def _bring_in(self, folder: Path, request: ImportRequest, tell: Callable[[Progress], None]) -> Dataset:
        if request.scenarios is not None:
            options = request.scenarios
            return self._scenarios.keep(request.path, name=request.name, options=options, on_progress=tell)
        with self._uploads.named_as_sent(request.upload_id):
            importing = self._datasets.importing(request, tell)
            journal = ImportJournal(folder, _mark_of(request), self._save_seconds)
            journal.write(importing.scan, tell)
            return self._datasets.shelf.adopt(importing.draft, journal.rows_file, importing.written)

    def _import_of(self, kept: Kept) -> Import:
        request = ImportRequest.model_validate(kept.asked)
        read = kept.progress.rows if kept.progress else 0
        return Import(
            import_id=kept.work_id,
            request=request,
            file=PurePosixPath(request.path).name or request.path,
            state=kept.outcome.state,
            started_at=kept.begun_at,
            rows=kept.outcome.result.get("rows") or read or rows_saved(self._background.folder(kept.work_id)),
            progress=kept.progress,
            dataset_id=kept.outcome.result.get("dataset_id"),
            problem=kept.outcome.problem,
        )


def _written(request: ImportRequest) -> dict[str, object]:
    """As it may be written down: a password in an address is left out."""
    path = without_secrets(request.path) if is_reference(request.path) else request.path
    return request.model_copy(update={"path": path}).model_dump(mode="json")


def _mark_of(request: ImportRequest) -> str:
    """Changes when the file does. What is no file is read anew from its beginning each time."""
    path = Path(request.path).expanduser()
    if not path.is_file():
        return new_id("once")
    facts = path.stat()
    return f"{facts.st_size} {facts.st_mtime_ns}"


def _silently(progress: Progress) -> None:
    """Nobody wants to know."""
