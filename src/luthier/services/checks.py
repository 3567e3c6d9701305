"""Looks through sources in the background, since a file may be large and an address far: watched, and called off."""

import time
from pathlib import Path, PurePosixPath
from typing import Any

from luthier.connectors.dataset_sources import is_reference, without_secrets
from luthier.domain.checks import CheckNotFound, SourceCheck
from luthier.domain.datasets import DatasetReport
from luthier.domain.imports import ImportRequest
from luthier.kit.clock import Clock
from luthier.services.background import Background, OnProgress, Task
from luthier.services.datasets import Datasets
from luthier.services.folders import Folders
from luthier.services.uploads import Uploads
from luthier.services.wishes import Wishes
from luthier.services.work_folders import Kept

AT_ONCE = 2  # more would only take the processor from each other, and from the pages
PROMPT_SECONDS = 0.6  # within which most files are looked through, so that nobody sees them on their way
_LOOK_SECONDS = 0.02


class Checks:
    """Safe to use from several threads."""

    def __init__(self, datasets: Datasets, uploads: Uploads, folders: Folders, clock: Clock) -> None:
        self._datasets = datasets
        self._uploads = uploads
        self._background = Background(folders.checks, "check", clock, AT_ONCE)
        self._wishes = Wishes(self._background, wisher="path")

    def begin(self, request: ImportRequest) -> SourceCheck:
        return self.get(self._background.begin(_asked(request), self._task_of(request)))

    def of(self, request: ImportRequest) -> SourceCheck:
        """As far as it is, after a moment; begun when it was not. One that has ended is told of once.

        What was asked of the same source in another way is given up.
        """
        check = _check_of(self._wishes.fulfil(_asked(request), self._task_of(request)))
        until = time.monotonic() + PROMPT_SECONDS
        try:
            while check.state.is_open and time.monotonic() < until:
                time.sleep(_LOOK_SECONDS)
                check = self.get(check.check_id)
            if not check.state.is_open:
                self._background.forget(check.check_id)
        except (CheckNotFound, KeyError):  # somebody else who asked has been told of its end
            return self.of(request)
        return check

    def get(self, check_id: str) -> SourceCheck:
        """Raises CheckNotFound."""
        try:
            return _check_of(self._background.get(check_id))
        except (KeyError, FileNotFoundError):
            raise CheckNotFound(check_id=check_id) from None

    def cancel(self, check_id: str) -> SourceCheck:
        """One that has ended stays as it ended."""
        self.get(check_id)
        self._background.cancel(check_id)
        return self.get(check_id)

    def close(self) -> None:
        self._background.close()

    def _task_of(self, request: ImportRequest) -> Task:
        def task(folder: Path, tell: OnProgress) -> dict[str, Any]:
            with self._uploads.named_as_sent(request.upload_id):
                report = self._datasets.check(
                    request.path,
                    shape=request.shape,
                    columns=request.columns,
                    options=request.options,
                    on_progress=tell,
                )
            return {"report": report.model_dump(mode="json")}

        return task


def _asked(request: ImportRequest) -> dict[str, Any]:
    """As it may be written down: a password in an address is left out."""
    path = without_secrets(request.path) if is_reference(request.path) else request.path
    return request.model_copy(update={"path": path}).model_dump(mode="json", exclude={"name", "skip_bad_rows"})


def _check_of(kept: Kept) -> SourceCheck:
    report = kept.outcome.result.get("report")
    path = str(kept.asked["path"])
    return SourceCheck(
        check_id=kept.work_id,
        file=PurePosixPath(path).name or path,
        state=kept.outcome.state,
        progress=kept.progress,
        report=DatasetReport.model_validate(report) if report else None,
        problem=kept.outcome.problem,
    )
