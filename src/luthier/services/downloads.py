"""Base models on their way here in the background: one at a time, watched, called off, gone on with after a crash."""

from pathlib import Path

from luthier.domain.background import WorkState
from luthier.domain.downloads import Download, DownloadEnded, DownloadNotFound
from luthier.domain.models import BaseModelNotFound
from luthier.kit.clock import Clock
from luthier.services.background import Background, OnProgress, Task
from luthier.services.folders import Folders
from luthier.services.models import Models
from luthier.services.work_folders import Kept


class Downloads:
    def __init__(self, models: Models, folders: Folders, clock: Clock) -> None:
        self._models = models
        self._background = Background(folders.downloads, "dl", clock, at_once=1)  # two would only share the line

    def begin(self, model: str) -> Download:
        """What is on its way already is not begun twice, and what was left unfinished goes on.

        Raises BaseModelNotFound for what no hub can have and no GGUF file of the workspace is called.
        """
        if not self._models.can_be_brought(model):
            raise BaseModelNotFound(name=model)
        left = self.latest(model)
        if left is not None and left.state.is_open:
            return left
        if left is not None and left.state is WorkState.UNFINISHED:
            return self.resume(left.download_id)
        return self.get(self._background.begin({"model": model}, self._task_of(model)))

    def resume(self, download_id: str) -> Download:
        """What arrived before is not fetched again. Raises DownloadEnded."""
        download = self.get(download_id)
        if download.state is WorkState.UNFINISHED:
            self._background.begin_again(download_id, self._task_of(download.model))
        elif not download.state.is_open:
            raise DownloadEnded(model=download.model, state=download.state.value)
        return self.get(download_id)

    def cancel(self, download_id: str) -> Download:
        """What arrived is kept for the next time. One that has ended stays as it ended."""
        self.get(download_id)
        self._background.cancel(download_id)
        return self.get(download_id)

    def get(self, download_id: str) -> Download:
        """Raises DownloadNotFound."""
        try:
            return _download_of(self._background.get(download_id))
        except KeyError:
            raise DownloadNotFound(download=download_id) from None

    def latest(self, model: str) -> Download | None:
        return next((each for each in self.list() if each.model == model), None)

    def list(self) -> "list[Download]":
        """Newest first."""
        return [_download_of(kept) for kept in self._background.list()]

    def close(self) -> None:
        """What is not done is unfinished from now on."""
        self._background.close()

    def _task_of(self, model: str) -> Task:
        def task(_: Path, tell: OnProgress) -> dict[str, str]:
            return {"model": self._models.pull(model, on_progress=tell).name}

        return task


def _download_of(kept: Kept) -> Download:
    return Download(
        download_id=kept.work_id,
        model=str(kept.asked["model"]),
        state=kept.outcome.state,
        started_at=kept.begun_at,
        progress=kept.progress,
        problem=kept.outcome.problem,
    )
