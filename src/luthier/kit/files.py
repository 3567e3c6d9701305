"""Files that are either whole or absent: atomic writes, content hashes, and sealed folders that notice damage."""

import errno
import hashlib
import os
import shutil
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO

import orjson

MANIFEST_NAME = "manifest.json"
DISK_FULL = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})  # no space, no quota, larger than a file may be
_CHUNK = 1 << 20


def write_atomically(path: Path, content: bytes) -> None:
    """Replaces `path` so that a reader, or a crash at any moment, sees the old content or the new, never a part."""
    with writing_atomically(path) as file:
        file.write(content)


@contextmanager
def writing_atomically(path: Path) -> Iterator[BinaryIO]:
    """As `write_atomically`, for content that comes piece by piece; an exception leaves `path` as it was."""
    make_folder(path.parent)
    staged = path.with_name(f".{path.name}.{os.getpid()}.{threading.get_ident()}.part")
    try:
        with naming(path), open(staged, "wb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        staged.replace(path)
    except BaseException:
        staged.unlink(missing_ok=True)
        raise
    sync_folder(path.parent)


@contextmanager
def naming(path: Path) -> Iterator[None]:
    """Within, a write or a flush that finds no space says of which file; the system does not."""
    try:
        yield
    except OSError as error:
        if error.errno in DISK_FULL and error.filename is None:
            error.filename = str(path)
        raise


def write_json(path: Path, value: Any) -> None:
    write_atomically(path, orjson.dumps(value, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE))


def read_json(path: Path) -> Any:
    return orjson.loads(path.read_bytes())


class NoSmallText(Exception):
    """Why a file cannot be read as one, in a few words."""


def read_small_text(path: Path, most_bytes: int) -> str:
    """What a person wrote in UTF-8, with or without a mark of its byte order. Raises NoSmallText."""
    try:
        with open(path, "rb") as file:
            content = file.read(most_bytes + 1)
    except FileNotFoundError:
        raise NoSmallText("there is no such file") from None
    except OSError as error:
        raise NoSmallText((error.strerror or "it cannot be opened").lower()) from error
    if len(content) > most_bytes:
        raise NoSmallText(f"it is larger than {most_bytes / 1e6:g} MB")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise NoSmallText(f"it is not UTF-8 at byte {error.start}") from error


def make_folder(folder: Path) -> None:
    """With its parents; each new name is on the disk when this returns, so that power loss takes nothing away."""
    missing = [place for place in (folder, *folder.parents) if not place.exists()]
    folder.mkdir(parents=True, exist_ok=True)
    for place in missing:
        sync_folder(place.parent)


def sync_folder(folder: Path) -> None:
    """Makes renames inside `folder` survive power loss. Windows has no such call and needs none."""
    if os.name == "nt":
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def sha256_of(path: Path) -> str:
    digest = hashlib.sha256()
    with open(path, "rb") as file:
        while chunk := file.read(_CHUNK):
            digest.update(chunk)
    return digest.hexdigest()


def exists(path: Path) -> bool:
    """False, too, for a name that no file can have, e.g. one that is too long."""
    try:
        return path.exists()
    except OSError:
        return False


def free_bytes(folder: Path) -> int:
    """Free space for this user where `folder` is, or will be made."""
    while not folder.exists():
        folder = folder.parent
    return shutil.disk_usage(folder).free


def folder_bytes(folder: Path) -> int:
    return sum(item.stat().st_size for item in folder.rglob("*") if item.is_file())


@contextmanager
def sealed_folder(
    final: Path, facts: dict[str, Any], before_publishing: Callable[[], None] = lambda: None
) -> Iterator[Path]:
    """A folder that is published whole or not at all.

    Yields a staging folder to write into. On exit every file is flushed, a manifest with `facts` and each
    file's size and sha256 is written and flushed, and the folder is renamed to `final`: it exists complete or
    is not there. An exception, also one of `before_publishing`, discards the staging folder and leaves an older
    `final` untouched.
    """
    make_folder(final.parent)
    staging = final.with_name(f".{final.name}.part")  # one name, so that what a killed writer left is cleared away
    shutil.rmtree(staging, ignore_errors=True)
    staging.mkdir()
    try:
        yield staging
        _seal(staging, facts)
        before_publishing()
        _exchange(staging, final)
    except BaseException:
        shutil.rmtree(staging, ignore_errors=True)
        raise
    sync_folder(final.parent)


def _exchange(staging: Path, final: Path) -> None:
    """An older `final` is moved aside, not removed, until the new one stands in its place."""
    aside = final.with_name(f".{final.name}.old")
    shutil.rmtree(aside, ignore_errors=True)
    if final.exists():
        final.rename(aside)
    staging.rename(final)
    shutil.rmtree(aside, ignore_errors=True)


def _seal(staging: Path, facts: dict[str, Any]) -> None:
    files = {}
    for path in sorted(item for item in staging.rglob("*") if item.is_file()):
        with open(path, "rb+") as file:
            os.fsync(file.fileno())
        files[path.relative_to(staging).as_posix()] = {"bytes": path.stat().st_size, "sha256": sha256_of(path)}
    for folder in [item for item in staging.rglob("*") if item.is_dir()]:
        sync_folder(folder)
    write_json(staging / MANIFEST_NAME, {**facts, "files": files})


def damage_of(folder: Path) -> str | None:
    """Why a sealed folder must not be used, in a few words; None when every byte is as it was sealed."""
    try:
        expected = {name: (entry["bytes"], entry["sha256"]) for name, entry in _sealed_files(folder).items()}
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return "its manifest is missing or unreadable"
    for name, (size, sha256) in expected.items():
        path = folder / name
        if not path.is_file():
            return f"{name} is missing"
        if path.stat().st_size != size:
            return f"{name} has {path.stat().st_size} bytes instead of {size}"
        if sha256_of(path) != sha256:
            return f"the content of {name} has changed"
    return None


def sealed_names(folder: Path) -> frozenset[str]:
    """What was there, at its top, when the folder was sealed; empty when it is no sealed folder."""
    try:
        names = [*_sealed_files(folder), MANIFEST_NAME]
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return frozenset()
    return frozenset(name.partition("/")[0] for name in names)


def _sealed_files(folder: Path) -> dict[str, dict[str, Any]]:
    files: dict[str, dict[str, Any]] = read_json(folder / MANIFEST_NAME)["files"]
    return files
