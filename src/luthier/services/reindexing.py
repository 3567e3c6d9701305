"""Makes a lost or damaged database anew from the folders, which are the truth that it is an index of.

It is built beside its place and moved there whole; a database that cannot be read is set aside, never removed.
"""

from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from filelock import FileLock, Timeout
from pydantic import ValidationError

from luthier.domain.datasets import Dataset
from luthier.domain.jobs import Progress
from luthier.domain.reindexing import DatabaseInUse, NotBroughtBack, NothingToReindex, Reindexed
from luthier.domain.versions import Version
from luthier.domain.workspace_errors import StoreUnreadable
from luthier.kit.clock import Clock
from luthier.kit.files import read_json, sync_folder
from luthier.kit.journal import read_intact
from luthier.services.bringing_back import bring_back_kept
from luthier.services.folders import Folders, RunFolder
from luthier.services.notice_collecting import reader_of
from luthier.services.registry import registered_versions
from luthier.services.replaying import Replay, history_of
from luthier.services.run_history import Change, History
from luthier.services.settling import let_runs_go_on
from luthier.settings import Settings
from luthier.store import Store, open_store

OnProgress = Callable[[Progress], None]
_CAUSE = "the database was made anew from the folders"
_SIGN_INS = NotBroughtBack(what="sign-ins", reason="they are kept nowhere else, so everybody signs in again")


def reindex(settings: Settings, clock: Clock, on_progress: OnProgress) -> Reindexed:
    """Raises DatabaseInUse, and NothingToReindex when the database can be read and is not empty."""
    folders = Folders(settings.workspace_folder)
    with _alone(folders):
        broken = _refuse_unless_lost(settings, folders)
        staged = folders.root / ".reindexed.db"
        staged.unlink(missing_ok=True)
        try:
            found = Rebuilding(folders, clock).into(staged, on_progress)
            set_aside = _set_aside(folders, clock) if broken else None
            _publish(staged, settings, folders)
        finally:
            staged.unlink(missing_ok=True)
        store = open_store(settings.database_url or folders.database, recorder=History(folders, clock))
        try:
            with store.writing() as tx:
                going_on = let_runs_go_on(tx, folders, _CAUSE, clock.now())
        finally:
            store.close()
    names = tuple(run.name for run in going_on)
    return found.model_copy(update={"going_on": names, "set_aside": str(set_aside) if set_aside else None})


class Rebuilding:
    def __init__(self, folders: Folders, clock: Clock) -> None:
        self._folders = folders
        self._clock = clock
        self._lost: list[NotBroughtBack] = [_SIGN_INS]

    def into(self, database: Path, on_progress: OnProgress) -> Reindexed:
        """A new database at that place. Who holds leases is not known any more."""
        store = open_store(database)
        try:
            datasets = self._datasets(store)
            runs, versions = self._runs(store, on_progress)
            bring_back_kept(store, self._folders, self._lost)
            with store.reading() as tx:
                events = tx.events.count()
        finally:
            store.close()
        return Reindexed(
            runs=runs,
            datasets=datasets,
            versions=versions,
            events=events,
            going_on=(),
            set_aside=None,
            not_brought_back=tuple(self._lost),
        )

    def _datasets(self, store: Store) -> int:
        named: dict[tuple[str, int], tuple[str, Dataset]] = {}
        unnamed: list[Dataset] = []
        for folder in sorted(self._folders.dataset("x").parent.glob("ds_*")):
            records = read_intact(self._folders.dataset_versions(folder.name))
            for record in records:
                dataset = Dataset.model_validate(record.body)
                label = (dataset.name, dataset.version)
                if label not in named or named[label][0] < record.time:  # else it was undone, and given again later
                    named[label] = (record.time, dataset)
            if not records and (dataset_without_name := self._only_dataset(folder)):
                unnamed.append(dataset_without_name)
        with store.writing() as tx:
            for dataset in _in_turn(named.values()):
                tx.datasets.put_back(dataset)
            for dataset in sorted(unnamed, key=lambda dataset: dataset.created_at):
                counted = tx.datasets.add(dataset)
                reason = "its folder does not say its version, which was counted anew"
                self._lost.append(NotBroughtBack(what=f"the version of {counted.label}", reason=reason))
        return len(named) + len(unnamed)

    def _only_dataset(self, folder: Path) -> Dataset | None:
        """As it was when its content was written: what was made before versions were kept beside it."""
        try:
            return Dataset.model_validate(read_json(folder / "dataset.json"))
        except (OSError, ValueError):
            self._lost.append(NotBroughtBack(what=f"dataset {folder.name}", reason="its dataset.json cannot be read"))
            return None

    def _runs(self, store: Store, on_progress: OnProgress) -> tuple[int, int]:
        histories = sorted(self._histories(), key=lambda pair: pair[1][0].events[0].seq)
        highest = max((change.events[-1].seq for _, changes in histories for change in changes), default=0)
        versions: list[Version] = []
        without_version: set[str] = set()
        for number, (folder, changes) in enumerate(histories):
            on_progress(Progress(what="reading runs", done=number, total=len(histories)))
            with store.writing() as tx:
                replay = Replay(tx, folder, changes, self._folders.root)
                run = replay.play()
            first = changes[0].attempt
            if first is not None and (first.number, first.journal_offset) > (1, 0):
                reason = "its history begins later than the run; what its workers did is there"
                self._lost.append(NotBroughtBack(what=f"who moved {run.name} at first", reason=reason))
            versions += replay.versions
            if run.version_id is None:
                without_version.add(run.run_id)
        labels = self._labelled(versions, without_version)
        with store.writing() as tx:
            for version in sorted(labels.values(), key=lambda version: version.created_at):
                tx.versions.add(version)
            tx.events.put_in_order_of_time(above=highest)
            tx.notices.has_read(reader_of(self._folders.workspace_id), tx.events.latest_seq())  # it was told before
        return len(histories), len(labels)

    def _labelled(self, of_runs: list[Version], without_version: set[str]) -> dict[tuple[str, str], Version]:
        """What was noted of a version after its run counts before what the run says. One that was undone is left out:
        its label was given again later, or its run does not know it.
        """
        by_id: dict[str, Version | None] = {version.version_id: version for version in of_runs}
        by_id |= dict(registered_versions(self._folders, self._not_readable))
        done = [version for version in by_id.values() if version and version.run_id not in without_version]
        by_time = sorted(done, key=lambda version: (version.created_at, version.version_id))
        return {(version.name, version.number): version for version in by_time}

    def _not_readable(self, version_id: str) -> None:
        reason = "what was noted of it later cannot be read; it is as its run left it"
        self._lost.append(NotBroughtBack(what=f"tags and notes of {version_id}", reason=reason))

    def _histories(self) -> Iterator[tuple[RunFolder, list[Change]]]:
        for place in sorted(self._folders.runs.glob("run_*")):
            try:
                changes = history_of(RunFolder(place))
            except ValidationError:
                self._lost.append(NotBroughtBack(what=f"run {place.name}", reason="its history cannot be understood"))
                continue
            if changes:
                yield RunFolder(place), changes
            else:
                reason = "it is from before runs kept their history, or was never queued; its files stay"
                self._lost.append(NotBroughtBack(what=f"run {place.name}", reason=reason))


def _in_turn(named: Iterable[tuple[str, Dataset]]) -> Iterator[Dataset]:
    """By time; but those of one name by number, whatever the clock said."""
    by_time = [dataset for _, dataset in sorted(named, key=lambda pair: pair[0])]
    counted = sorted(by_time, key=lambda dataset: dataset.version)
    of_name = {name: iter([each for each in counted if each.name == name]) for name in {each.name for each in counted}}
    for dataset in by_time:
        yield next(of_name[dataset.name])


@contextmanager
def _alone(folders: Folders) -> Iterator[None]:
    with ExitStack() as held:
        for name, user in (("server.lock", "the server"), ("supervisor.lock", "a supervisor")):
            folders.locks.mkdir(parents=True, exist_ok=True)
            try:
                held.enter_context(FileLock(folders.locks / name, timeout=0))
            except Timeout:
                raise DatabaseInUse(user=user) from None
        yield


def _refuse_unless_lost(settings: Settings, folders: Folders) -> bool:
    """Whether there is a database that cannot be read."""
    place = settings.database_url or folders.database
    if isinstance(place, Path) and not place.exists():
        return False
    try:
        store = open_store(place)
    except StoreUnreadable:
        return True
    try:
        if store.describe().damage:
            return True
        if not store.is_empty():
            raise NothingToReindex(path=folders.database)
        return False
    except StoreUnreadable:
        return True
    finally:
        store.close()


def _set_aside(folders: Folders, clock: Clock) -> Path:
    aside = folders.database.with_name(f"{folders.database.name}.damaged-{clock.now():%Y%m%d-%H%M%S}")
    for ending in ("", "-wal", "-shm", "-journal"):
        part = folders.database.with_name(folders.database.name + ending)
        if part.exists():
            part.rename(aside.with_name(aside.name + ending))
    return aside


def _publish(staged: Path, settings: Settings, folders: Folders) -> None:
    if settings.database_url is None:
        staged.replace(folders.database)
        sync_folder(folders.root)
        return
    store = open_store(settings.database_url)
    try:
        store.take_from(staged, on_taken=lambda: None)
    finally:
        store.close()
