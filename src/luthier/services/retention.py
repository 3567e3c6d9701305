"""What is kept only for so long, as the settings say: chats, logs and checkpoints; what is asked for again stays."""

import shutil
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from pathlib import Path

from luthier.domain.kept_settings import Leaving
from luthier.domain.run_states import ENDED
from luthier.domain.runs import Run
from luthier.health.checkpoints import sealed_checkpoints, step_of, surplus
from luthier.health.held_out import best_step
from luthier.kit.clock import Clock
from luthier.kit.files import folder_bytes
from luthier.services.folders import Folders
from luthier.settings import Settings
from luthier.store import Store

_DAY = 86_400.0
_AT_ONCE = 200


class Retention:
    """`settings` says how long; what has no limit there never goes."""

    def __init__(self, store: Store, folders: Folders, settings: Callable[[], Settings], clock: Clock) -> None:
        self._store = store
        self._folders = folders
        self._settings = settings
        self._clock = clock

    def leaving(self) -> tuple[Leaving, ...]:
        """What `apply` would remove now."""
        settings = self._settings()
        return (
            *self._chats(settings.chats_kept_days),
            *self._checkpoints(settings.checkpoints_kept_days),
            *self._logs(settings.logs_kept_days),
        )

    def apply(self) -> tuple[Leaving, ...]:
        """Removes it for good; returns what went."""
        return self.remove(self.leaving())

    def remove(self, leaving: Sequence[Leaving]) -> tuple[Leaving, ...]:
        """Of what was seen leaving; what was used again meanwhile stays."""
        return tuple(item for item in leaving if self._remove(item))

    def _remove(self, item: Leaving) -> bool:
        match item.kind:
            case "chat":
                return self._remove_chat(item.reference)
            case "checkpoint":
                return self._remove_checkpoint(Path(item.reference))
            case "log":
                Path(item.reference).unlink(missing_ok=True)
                return True

    def _chats(self, days: int | None) -> Iterator[Leaving]:
        if days is None:
            return
        before = None
        while True:
            with self._store.reading() as tx:
                page = tx.chats.list("", _AT_ONCE, before)
            for chat in page:
                age = self._days_since(chat.changed_at)
                if age > days:
                    size = len(chat.model_dump_json())
                    yield Leaving(kind="chat", name=chat.title, reference=chat.chat_id, size_bytes=size, days=age)
            if len(page) < _AT_ONCE:
                return
            before = page[-1].chat_id

    def _checkpoints(self, days: int | None) -> Iterator[Leaving]:
        for run, age in self._ended(days):
            sealed = sealed_checkpoints(self._folders.run(run.run_id).checkpoints)
            for folder in surplus(sealed, keep=1, well_until=None, best=self._best(run, sealed)):
                name = f"{run.name}, step {step_of(folder)}"
                size = folder_bytes(folder)
                yield Leaving(kind="checkpoint", name=name, reference=str(folder), size_bytes=size, days=age)

    def _best(self, run: Run, sealed: Sequence[Path]) -> int | None:
        """The step whose held-out loss was the lowest, of those that have a checkpoint."""
        steps = {step_of(folder) for folder in sealed}
        with self._store.reading() as tx:
            points = tx.metrics.list(run.run_id, names=("held_out_loss",))
        return best_step({point.step: point.value for point in points if point.step in steps})

    def _logs(self, days: int | None) -> Iterator[Leaving]:
        for run, age in self._ended(days):
            for path in sorted(self._folders.run(run.run_id).root.glob("attempts/*/worker.log")):
                yield _log(path, run.name, age)
        if days is not None:
            for path in sorted(self._folders.logs.glob("*.log.[0-9]*")):  # those that were put aside; none is written
                age = (self._clock.now().timestamp() - path.stat().st_mtime) / _DAY
                if age > days:
                    yield _log(path, path.name, age)

    def _ended(self, days: int | None) -> Iterator[tuple[Run, float]]:
        if days is None:
            return
        with self._store.reading() as tx:
            ended = [run for run in tx.runs.all() if run.state in ENDED and run.finished_at is not None]
        for run in ended:
            age = self._days_since(run.finished_at or run.updated_at)
            if age > days:
                yield run, age

    def _days_since(self, moment: datetime) -> float:
        return (self._clock.now() - moment).total_seconds() / _DAY

    def _remove_chat(self, chat_id: str) -> bool:
        days = self._settings().chats_kept_days
        with self._store.writing() as tx:
            chat = tx.chats.get(chat_id)
            if days is None or self._days_since(chat.changed_at) <= days:
                return False
            tx.chats.remove(chat_id)
        return True

    def _remove_checkpoint(self, folder: Path) -> bool:
        """Of a run that has begun again meanwhile nothing goes."""
        run_id = folder.parent.parent.name
        with self._store.writing() as tx:
            run = tx.runs.get(run_id)
            if run is None or run.state not in ENDED:
                return False
            tx.checkpoints.drop(run_id, step_of(folder))
        shutil.rmtree(folder)
        return True


def _log(path: Path, name: str, age: float) -> Leaving:
    return Leaving(kind="log", name=name, reference=str(path), size_bytes=path.stat().st_size, days=age)
