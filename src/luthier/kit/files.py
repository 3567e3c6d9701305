"""Files that are either whole or absent: atomic writes, content hashes, and sealed folders that notice damage."""

import hashlib
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import orjson

MANIFEST_NAME = "manifest.json"
_CHUNK = 1 << 20


def write_atomically(path: Path, content: bytes) -> None:
    """Replaces `path` so that a reader, or a crash at any moment, sees the old content or the new, never a part."""
    path.parent.mkdir(parents=True, exist_ok=True)
    staged = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        with open(staged, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        staged.replace(path)
    except BaseException:
        staged.unlink(missing_ok=True)
        raise
    sync_folder(path.parent)


def write_json(path: Path, value: Any) -> None:
    write_atomically(path, orjson.dumps(value, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE))


def read_json(path: Path) -> Any:
    return orjson.loads(path.read_bytes())


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


def free_bytes(folder: Path) -> int:
    """Free space for this user where `folder` is, or will be made."""
    while not folder.exists():
        folder = folder.parent
    return shutil.disk_usage(folder).free


def folder_bytes(folder: Path) -> int:
    return sum(item.stat().st_size for item in folder.rglob("*") if item.is_file())


@contextmanager
def sealed_folder(final: Path, facts: dict[str, Any]) -> Iterator[Path]:
    """A folder that is published whole or not at all.

    Yields a staging folder to write into. On exit every file is flushed, a manifest with `facts` and each
    file's size and sha256 is written and flushed, and the folder is renamed to `final`: it exists complete or
    is not there. An exception discards the staging folder and leaves an older `final` untouched.
    """
    final.parent.mkdir(parents=True, exist_ok=True)
    staging = final.with_name(f".{final.name}.{os.getpid()}.part")
    shutil.rmtree(staging, ignore_errors=True)
    staging.mkdir()
    try:
        yield staging
        _seal(staging, facts)
        shutil.rmtree(final, ignore_errors=True)
        staging.rename(final)
    except BaseException:
        shutil.rmtree(staging, ignore_errors=True)
        raise
    sync_folder(final.parent)


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
        manifest = read_json(folder / MANIFEST_NAME)
        files: dict[str, dict[str, Any]] = manifest["files"]
    except (OSError, ValueError, KeyError, TypeError):
        return "its manifest is missing or unreadable"
    for name, expected in files.items():
        path = folder / name
        if not path.is_file():
            return f"{name} is missing"
        if path.stat().st_size != expected["bytes"]:
            return f"{name} has {path.stat().st_size} bytes instead of {expected['bytes']}"
        if sha256_of(path) != expected["sha256"]:
            return f"the content of {name} has changed"
    return None
