"""Imports: each is a folder until its dataset is there, so that it can be watched, called off and gone on with."""

import shutil
import threading
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path, PurePosixPath

from filelock import FileLock, Timeout

from luthier.connectors.dataset_sources import is_reference, without_secrets
from luthier.data.import_journal import SAVE_SECONDS, ImportJournal
from luthier.domain.datasets import Dataset
from luthier.domain.errors import LuthierError, Problem, UnexpectedFailure
from luthier.domain.imports import (
    Import,
    ImportEnded,
    ImportNotFound,
    ImportRequest,
    ImportSourceNotKept,
    ImportState,
    SourceProgress,
)
from luthier.domain.jobs import Progress
from luthier.health.disk import disk_full
from luthier.kit.clock import Clock
from luthier.kit.files import read_json, write_json
from luthier.kit.frozen import Frozen
from luthier.kit.ids import new_id
from luthier.services.datasets import Datasets
from luthier.services.folders import Folders
from luthier.services.scenarios import Scenarios
from luthier.services.uploads import Uploads

KEPT = timedelta(days=1)  # after the end, so that a page that was left open still learns of it
OnProgress = Callable[[Progress], None]


class _CalledOff(Exception):
    """Raised inside the importing thread, where it says how far it is, to end it."""


class _Outcome(Frozen):
    state: ImportState
    rows: int = 0
    dataset_id: str | None = None
    problem: Problem | None = None


class _Begun(Frozen):
    request: ImportRequest
    started_at: datetime


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
        self._root = folders.imports
        self._clock = clock
        self._called_off: set[str] = set()
        self._progress: dict[str, Progress] = {}  # of those that are running in this process

    def run(self, request: ImportRequest, on_progress: OnProgress | None = None) -> Dataset:
        """Imports here and now; goes on with an import of the same source that something ended.

        Whatever `on_progress` raises ends the work, which the same request then goes on with.
        """
        self.tidy()
        unfinished = (job for job in self.list() if job.state is ImportState.UNFINISHED and job.request == request)
        job = next(unfinished, None)
        import_id = job.import_id if job else self._begin(request)
        try:
            with self._lock(import_id):
                dataset = self._work(import_id, request, on_progress or _silently)
        except LuthierError:  # the source itself is refused, so there is nothing to go on with
            shutil.rmtree(self._root / import_id, ignore_errors=True)
            raise
        shutil.rmtree(self._root / import_id, ignore_errors=True)
        return dataset

    def begin(self, request: ImportRequest) -> Import:
        """Imports in the background of this process."""
        self.tidy()
        import_id = self._begin(request)
        self._start(import_id, request)
        return self.get(import_id)

    def resume(self, import_id: str) -> Import:
        """One that is running is left alone. Raises ImportEnded and ImportSourceNotKept when it cannot go on."""
        job = self.get(import_id)
        if job.state is ImportState.UNFINISHED and is_reference(job.request.path):
            raise ImportSourceNotKept(file=job.file)
        if job.state is ImportState.UNFINISHED:
            self._start(import_id, job.request)
        elif job.state is not ImportState.RUNNING:
            raise ImportEnded(file=job.file, state=job.state.value)
        return self.get(import_id)

    def cancel(self, import_id: str) -> Import:
        """Nothing of it is kept. One that has ended stays as it ended."""
        job = self.get(import_id)
        if job.state is ImportState.RUNNING:
            self._called_off.add(import_id)
        elif job.state is ImportState.UNFINISHED:
            self._end(import_id, _Outcome(state=ImportState.CANCELLED))
        return self.get(import_id)

    def get(self, import_id: str) -> Import:
        folder = self._folder(import_id)
        begun = _Begun.model_validate(read_json(folder / "import.json"))
        outcome, progress = self._outcome(import_id), self._progress.get(import_id)
        return Import(
            import_id=import_id,
            request=begun.request,
            file=PurePosixPath(begun.request.path).name or begun.request.path,
            state=outcome.state,
            started_at=begun.started_at,
            rows=outcome.rows or _rows_of(progress) or self._rows_saved(folder),
            progress=progress,
            dataset_id=outcome.dataset_id,
            problem=outcome.problem,
        )

    def list(self) -> "list[Import]":
        """Newest first."""
        folders = sorted(self._root.glob("imp_*"), reverse=True)
        return [self.get(folder.name) for folder in folders if (folder / "import.json").exists()]

    def tidy(self) -> None:
        oldest = self._clock.now() - KEPT
        for folder in self._root.glob("imp_*"):
            if (folder / "outcome.json").exists() and folder.stat().st_mtime < oldest.timestamp():
                shutil.rmtree(folder, ignore_errors=True)

    # ── one import ───────────────────────────────────────────────────────────────────────────────────────────────

    def _begin(self, request: ImportRequest) -> str:
        import_id = new_id("imp")
        shown = without_secrets(request.path) if is_reference(request.path) else request.path
        begun = _Begun(request=request.model_copy(update={"path": shown}), started_at=self._clock.now())
        write_json(self._root / import_id / "import.json", begun.model_dump(mode="json"))
        return import_id

    def _start(self, import_id: str, request: ImportRequest) -> None:
        """The lock is taken before this returns, so that nobody sees it unfinished in between."""
        lock = self._lock(import_id)
        try:
            lock.acquire(timeout=0)
        except Timeout:
            return  # somebody else goes on with it
        thread = threading.Thread(
            target=self._run_locked, args=(import_id, request, lock), name=f"import {import_id}", daemon=True
        )
        thread.start()

    def _run_locked(self, import_id: str, request: ImportRequest, lock: FileLock) -> None:
        def say(progress: Progress) -> None:
            self._progress[import_id] = progress
            if import_id in self._called_off:
                raise _CalledOff

        outcome = _Outcome(state=ImportState.FAILED, problem=UnexpectedFailure(what="the import broke off").problem)
        try:
            dataset = self._work(import_id, request, say)
            outcome = _Outcome(state=ImportState.DONE, rows=dataset.report.rows, dataset_id=dataset.dataset_id)
            if request.upload_id is not None:
                self._uploads.discard(request.upload_id)
        except _CalledOff:
            outcome = _Outcome(state=ImportState.CANCELLED)
        except LuthierError as error:
            outcome = _Outcome(state=ImportState.FAILED, problem=error.problem)
        except OSError as error:
            full = disk_full(error, self._root)
            problem = full.problem if full else UnexpectedFailure(what=str(error)).problem
            outcome = _Outcome(state=ImportState.FAILED, problem=problem)
        finally:
            self._end(import_id, outcome)
            lock.release()

    def _work(self, import_id: str, request: ImportRequest, say: OnProgress) -> Dataset:
        if request.scenarios is not None:
            options = request.scenarios
            return self._scenarios.keep(request.path, name=request.name, options=options, on_progress=say)
        with self._uploads.named_as_sent(request.upload_id):
            importing = self._datasets.importing(request, say)
            journal = ImportJournal(self._root / import_id, _mark_of(request), self._save_seconds)
            journal.write(importing.scan, say)
            return self._datasets.shelf.adopt(importing.draft, journal.rows_file, importing.written)

    def _end(self, import_id: str, outcome: _Outcome) -> None:
        folder = self._root / import_id
        write_json(folder / "outcome.json", outcome.model_dump(mode="json"))
        for name in ("rows.jsonl", "cursor.json"):
            (folder / name).unlink(missing_ok=True)
        self._called_off.discard(import_id)
        self._progress.pop(import_id, None)

    def _outcome(self, import_id: str) -> _Outcome:
        path = self._root / import_id / "outcome.json"
        if path.exists():
            return _Outcome.model_validate(read_json(path))
        lock = self._lock(import_id)
        try:
            lock.acquire(timeout=0)
        except Timeout:
            return _Outcome(state=ImportState.RUNNING)
        lock.release()
        if path.exists():  # it ended in between
            return _Outcome.model_validate(read_json(path))
        return _Outcome(state=ImportState.UNFINISHED)

    def _lock(self, import_id: str) -> FileLock:
        return FileLock(self._root / import_id / "lock", thread_local=False)  # taken in one thread, let go in another

    def _folder(self, import_id: str) -> Path:
        folder = self._root / PurePosixPath(import_id).name
        if not import_id.startswith("imp_") or not (folder / "import.json").is_file():
            raise ImportNotFound(import_id=import_id)
        return folder

    def _rows_saved(self, folder: Path) -> int:
        path = folder / "cursor.json"
        return int(read_json(path)["rows"]) if path.exists() else 0


def _mark_of(request: ImportRequest) -> str:
    """Changes when the file does. What is no file is read anew from its beginning each time."""
    path = Path(request.path).expanduser()
    if not path.is_file():
        return new_id("once")
    facts = path.stat()
    return f"{facts.st_size} {facts.st_mtime_ns}"


def _rows_of(progress: Progress | None) -> int:
    return progress.rows if isinstance(progress, SourceProgress) else 0


def _silently(progress: Progress) -> None:
    """Nobody wants to know."""
