"""Damages checkpoints and databases in every way that disks, copies and people do, and looks who notices."""

import random
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from luthier.domain.errors import LuthierError
from luthier.domain.workspace_errors import StoreUnreadable
from luthier.health.checkpoints import newest_intact, sealed_checkpoints
from luthier.kit.clock import SystemClock
from luthier.kit.files import MANIFEST_NAME, damage_of, read_json
from luthier.services.folders import Folders, RunFolder
from luthier.services.reindexing import reindex
from luthier.services.run_history import forget_undone
from luthier.settings import Settings
from luthier.store import open_store
from tests.services.documents import documents

_PAGE = 4096


def flip_a_bit(path: Path, chance: random.Random) -> None:
    content = bytearray(path.read_bytes())
    content[chance.randrange(len(content))] ^= 1 << chance.randrange(8)
    path.write_bytes(content)


def cut_off(path: Path, chance: random.Random) -> None:
    content = path.read_bytes()
    path.write_bytes(content[: chance.randrange(len(content))])


def zero_a_page(path: Path, chance: random.Random) -> None:
    content = bytearray(path.read_bytes())
    start = chance.randrange(max(1, len(content) // _PAGE)) * _PAGE
    end = min(start + _PAGE, len(content))
    content[start:end] = bytes(end - start)
    path.write_bytes(content)


def swap_halves(path: Path, chance: random.Random) -> None:
    content = path.read_bytes()
    middle = chance.randrange(1, len(content))
    path.write_bytes(content[middle:] + content[:middle])


def add_bytes(path: Path, chance: random.Random) -> None:
    path.write_bytes(path.read_bytes() + chance.randbytes(chance.randrange(1, 64)))


def remove(path: Path, _: random.Random) -> None:
    path.unlink()


HARMS: tuple[Callable[[Path, random.Random], None], ...] = (
    flip_a_bit,
    flip_a_bit,
    cut_off,
    zero_a_page,
    swap_halves,
    add_bytes,
    remove,
)


@dataclass
class Damages:
    done: int = 0
    found: int = 0
    recovered: int = 0


def damage_checkpoints(run_folder: Path, scratch: Path, count: int, seed: int) -> Damages:
    """Each time one file of the newest checkpoint; the one before it must be gone on from."""
    chance, damages = random.Random(seed), Damages()
    before, newest = sealed_checkpoints(run_folder / "checkpoints")[-2:]
    while damages.done < count:
        shutil.rmtree(scratch, ignore_errors=True)
        for folder in (before, newest):
            shutil.copytree(folder, scratch / folder.name)
        victim = chance.choice(sorted((scratch / newest.name).iterdir()))
        original = _content(victim)
        chance.choice(HARMS)(victim, chance)
        if _content(victim) == original:
            continue  # e.g. a page that was of zeros before
        damages.done += 1
        damages.found += damage_of(scratch / newest.name) is not None
        damages.recovered += newest_intact(scratch) == scratch / before.name
    return damages


def _content(file: Path) -> object:
    """What it says: blanks and the manifest's own facts may change without harm."""
    if not file.exists():
        return None
    if file.name != MANIFEST_NAME:
        return file.read_bytes()
    try:
        return read_json(file)["files"]
    except (ValueError, KeyError, TypeError):
        return None


@dataclass
class DatabaseDamages:
    done: int = 0
    refused: int = 0  # when opened, or by the database's own check
    recovered: int = 0  # from the folders, each document as it was


def damage_databases(workspace: Path, count: int, seed: int) -> DatabaseDamages:
    """Of a workspace that nobody uses; what the database said is what the folders say afterwards."""
    chance, damages = random.Random(seed), DatabaseDamages()
    folders = Folders(workspace)
    database = folders.database
    _forget_undone(folders)
    whole, expected = database.read_bytes(), documents(database)
    for _ in range(count):
        database.write_bytes(whole)
        chance.choice(HARMS)(database, chance)
        damages.done += 1
        damages.refused += _is_refused(database)
        for part in workspace.glob("luthier.db*"):
            part.unlink()
        reindex(Settings(home=workspace), SystemClock(), lambda _: None)
        damages.recovered += documents(database) == expected
    return damages


def _forget_undone(folders: Folders) -> None:
    """What a process that was killed had written down and not done; the next change of each run would do it."""
    store = open_store(folders.database)
    with store.writing() as tx:
        for run in folders.runs.iterdir():
            forget_undone(tx, RunFolder(run))
    store.close()


def _is_refused(database: Path) -> bool:
    """Raises whatever is not an error that a person can read."""
    if not database.exists():
        return True
    try:
        store = open_store(database)
    except LuthierError:
        return True
    try:
        return bool(store.describe().damage) or store.is_empty()
    except StoreUnreadable:
        return True
    finally:
        store.close()
