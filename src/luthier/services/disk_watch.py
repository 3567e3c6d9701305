"""Disk watch: what uses the space of the workspace, what can go, and its removal, each looked at again just before."""

import shutil
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from luthier.domain.disk_use import CleanedUp, DiskItem, DiskUse, found_among
from luthier.domain.run_states import RunState
from luthier.domain.runs import Run
from luthier.domain.versions import Version
from luthier.kit.clock import Clock
from luthier.kit.files import folder_bytes, free_bytes, read_json
from luthier.planning.machine_facts import doctor_facts
from luthier.services.folders import Folders
from luthier.services.model_removal import ModelRemoval, users_of
from luthier.services.models import STARTER
from luthier.services.versions import files_left, kept_because
from luthier.store import Store, Transaction

_NAMED = frozenset({"models", "runs", "datasets", "exports", "backups", "merges"})  # told item by item


class DiskWatch:
    def __init__(self, store: Store, folders: Folders, models: ModelRemoval, clock: Clock) -> None:
        self._store = store
        self._folders = folders
        self._models = models
        self._clock = clock

    def use(self) -> DiskUse:
        """Walks through the whole workspace: seconds for a large one."""
        with self._store.reading() as tx:
            items = [*self._items(tx)]
        return DiskUse(
            items=tuple(sorted(items, key=lambda item: -item.bytes)),
            free_bytes=free_bytes(self._folders.root),
            low_below_bytes=int(doctor_facts().thresholds.disk_small),
        )

    def is_low(self) -> bool:
        """At once."""
        return free_bytes(self._folders.root) < doctor_facts().thresholds.disk_small

    def clean_up(self, item_ids: Sequence[str]) -> CleanedUp:
        """Removes each that may still go. Raises NotOffered before the first that may not; what went before is gone."""
        removed, freed = [], 0
        for item_id in item_ids:
            with self._store.reading() as tx:
                item = found_among([*self._items(tx)], item_id)
            freed += self._models.remove(item.label).freed_bytes if item.kind == "model" else self._clean(item)
            removed.append(item)
        return CleanedUp(removed=tuple(removed), freed_bytes=freed)

    # ── what there is ────────────────────────────────────────────────────────────────────────────────────────────

    def _items(self, tx: Transaction) -> Iterator[DiskItem]:
        versions, runs = tx.versions.list(), list(tx.runs.all())
        yield from self._versions(tx, versions)
        yield from self._runs(tx, runs, versions)
        yield from self._exports(tx)
        yield from self._bases(tx)
        yield from self._folders_of("datasets", "dataset", "examples are never offered")
        yield from self._folders_of("backups", "backup", "a backup is yours to remove: luthier backups list")
        yield from self._rest()

    def _versions(self, tx: Transaction, versions: Sequence[Version]) -> Iterator[DiskItem]:
        for version in versions:
            place = Path(version.adapter_folder)
            if not place.is_relative_to(self._folders.root) or not place.is_dir():
                continue
            kept = kept_because(tx, version) or _kept_as_newest(tx, version)
            why = kept or "a higher number of the same name is there; its run and its proof stay"
            yield _item("version", version.version_id, version.label, [place], kept is None, why)

    def _runs(self, tx: Transaction, runs: Sequence[Run], versions: Sequence[Version]) -> Iterator[DiskItem]:
        served = {version.run_id: kept_because(tx, version) for version in versions}
        for run in runs:
            folder = self._folders.run(run.run_id)
            if not folder.root.is_dir():
                continue
            done = run.state is RunState.COMPLETED
            kept = served.get(run.run_id) if done else "the run can go on from them"
            why = f"of its version: {kept}" if done and kept else kept or "the run is completed, and its result is kept"
            places = [folder.checkpoints] if folder.checkpoints.is_dir() else []
            if places:
                yield _item("checkpoints", f"checkpoints:{run.run_id}", run.name, places, kept is None, why)
            results = {folder.checkpoints, folder.adapter, folder.model}
            rest = [place for place in folder.root.iterdir() if place not in results]
            yield _item("run", run.run_id, run.name, rest, False, "what it was trained on and what it did")

    def _exports(self, tx: Transaction) -> Iterator[DiskItem]:
        for export in tx.exports.list():
            version = tx.versions.get(export.version_id)
            kept = kept_because(tx, version) if version else None
            label = f"{export.version} as {export.request.form}"
            why = f"of its version: {kept}" if kept else "it can be made again from its version"
            places = [self._folders.exports / export.export_id]
            yield _item("export", export.export_id, label, places, kept is None, why)

    def _bases(self, tx: Transaction) -> Iterator[DiskItem]:
        for place in sorted(self._folders.models.glob("*/model.json")):
            name = str(read_json(place)["name"])
            user = next(users_of(tx, place.parent), None)
            is_free = user is None and name != STARTER
            why = f"{user.words} stands on it" if user else "the starter is always at hand"
            free = "no version and no open run stands on it; it can be fetched again"
            yield _item("model", f"model:{place.parent.name}", name, [place.parent], is_free, free if is_free else why)

    def _folders_of(self, folder: str, kind: str, why: str) -> Iterator[DiskItem]:
        root = self._folders.root / folder
        for place in sorted(root.iterdir()) if root.is_dir() else ():
            if not place.name.startswith("."):
                yield _item(kind, place.name, place.name, [place], False, why)

    def _rest(self) -> Iterator[DiskItem]:
        for place in sorted(self._folders.root.iterdir()):
            if place.name not in _NAMED:
                yield _item("other", place.name, place.name, [place], False, "Luthier keeps it in order by itself")

    # ── what goes ────────────────────────────────────────────────────────────────────────────────────────────────

    def _clean(self, item: DiskItem) -> int:
        """Looks again, because somebody may have begun to need it; gives the bytes that came free."""
        with self._store.writing() as tx:
            item = found_among([*self._items(tx)], item.item_id)
            gone = [*self._forget(tx, item)]
            body = {"kind": item.kind, "item": item.label, "bytes": item.bytes}
            tx.events.append("disk.cleaned", None, "user", body, self._clock.now())
        for place in gone:
            shutil.rmtree(place, ignore_errors=True)
        return item.bytes

    def _forget(self, tx: Transaction, item: DiskItem) -> Iterator[Path]:
        """Takes it out of the store; gives the folders that then may go."""
        match item.kind:
            case "version":
                version = tx.versions.find(item.item_id)
                tx.versions.remove(item.item_id)
                yield from files_left(tx, self._folders, version)
            case "checkpoints":
                run_id = item.item_id.partition(":")[2]
                for checkpoint in tx.checkpoints.list(run_id):
                    tx.checkpoints.drop(run_id, checkpoint.step)
                yield self._folders.run(run_id).checkpoints
            case "export":
                tx.exports.remove(item.item_id)
                yield self._folders.exports / item.item_id


def _kept_as_newest(tx: Transaction, version: Version) -> str | None:
    highest = tx.versions.of_name(version.name)[0]
    return "it has the highest number of its name" if highest.version_id == version.version_id else None


def _item(kind: str, item_id: str, label: str, places: Iterable[Path], may_go: bool, why: str) -> DiskItem:
    total = sum(folder_bytes(place) if place.is_dir() else place.stat().st_size for place in places if place.exists())
    return DiskItem.model_validate(
        {"kind": kind, "item_id": item_id, "label": label, "bytes": total, "may_go": may_go, "why": why}
    )
