"""The file of a backup: members are streamed in and hashed on the way, the manifest is last; read back, all is checked.

Only what the manifest names counts, so that what was half copied when it vanished is as if it were not there.
"""

import hashlib
import os
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path, PurePosixPath
from typing import BinaryIO, Self

import orjson
from pydantic import ValidationError

from luthier.domain.backups import (
    FORMAT,
    BackedUpFile,
    BackupDamaged,
    BackupManifest,
    BackupNotFound,
    BackupTooNew,
    LeftOut,
)
from luthier.kit.files import MANIFEST_NAME, read_json
from luthier.kit.journal import whole_bytes

_MANIFEST = "backup.json"
_LARGEST_MANIFEST = 1 << 30
_CHUNK = 1 << 20
_PACKED_ALREADY = {".safetensors", ".gguf", ".zip", ".gz", ".parquet", ".npy", ".bin"}  # weights hardly get smaller
_NO_DATE = (1980, 1, 1, 0, 0, 0)

OnBytes = Callable[[int], None]  # called with how many more have been dealt with


class ArchiveWriter:
    """Over a file that is being written from its beginning."""

    def __init__(self, file: BinaryIO, on_bytes: OnBytes) -> None:
        self._zip = zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED, compresslevel=1)
        self._on_bytes = on_bytes
        self.files: dict[str, BackedUpFile] = {}
        self.left_out: list[LeftOut] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        """Without an exception `close` has been called."""
        if kind is not None:
            with suppress(OSError, ValueError):
                self._zip.close()

    def add(self, name: str, path: Path) -> None:
        """The file as it is now; a journal up to its last whole line. One that is gone meanwhile is left out."""
        try:
            with open(path, "rb") as file:
                size = whole_bytes(path) if path.suffix == ".jsonl" else os.fstat(file.fileno()).st_size
                self.files[name] = self._copy(name, file, size)
        except FileNotFoundError:
            self.left_out.append(LeftOut(what=name, reason="it was removed meanwhile"))

    def add_sealed(self, name: str, folder: Path) -> bool:
        """Every file that its manifest names, or none: False when it was removed, or is not as it was sealed.

        All are opened first, so that a worker which removes the folder meanwhile takes nothing away.
        """
        with ExitStack() as opened:
            try:
                manifest = opened.enter_context(open(folder / MANIFEST_NAME, "rb"))
                sealed = read_json(folder / MANIFEST_NAME)["files"]
                files = {inner: opened.enter_context(open(folder / inner, "rb")) for inner in sealed}
            except FileNotFoundError:
                return False
            copied = {}
            for inner, file in files.items():
                found = self._copy(f"{name}/{inner}", file, os.fstat(file.fileno()).st_size)
                if found != BackedUpFile(bytes=sealed[inner]["bytes"], sha256=sealed[inner]["sha256"]):
                    self.left_out.append(LeftOut(what=name, reason=f"{inner} is not as it was sealed"))
                    return False
                copied[f"{name}/{inner}"] = found
            own = f"{name}/{MANIFEST_NAME}"
            copied[own] = self._copy(own, manifest, os.fstat(manifest.fileno()).st_size)
        self.files |= copied
        return True

    def close(self, manifest: BackupManifest) -> None:
        self._zip.writestr(_MANIFEST, manifest.model_dump_json())
        self._zip.close()

    def _copy(self, name: str, source: BinaryIO, size: int) -> BackedUpFile:
        info = zipfile.ZipInfo(name, _NO_DATE)
        info.compress_type = (
            zipfile.ZIP_STORED if PurePosixPath(name).suffix in _PACKED_ALREADY else zipfile.ZIP_DEFLATED
        )
        digest, copied = hashlib.sha256(), 0
        with self._zip.open(info, "w", force_zip64=True) as target:
            while copied < size and (chunk := source.read(min(_CHUNK, size - copied))):
                digest.update(chunk)
                target.write(chunk)
                copied += len(chunk)
                self._on_bytes(len(chunk))
        return BackedUpFile(bytes=copied, sha256=digest.hexdigest())


class ArchiveReader:
    """Raises BackupNotFound, BackupDamaged and BackupTooNew, each before anything that depends on it is done."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._zip = self._opened()
        try:
            self.manifest = self._read_manifest()
        except BaseException:
            self._zip.close()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._zip.close()

    def chunks(self, name: str) -> Iterator[bytes]:
        """The bytes of one file; raises BackupDamaged, at the latest after the last, when they are not the right ones.

        Never gives more bytes than the manifest says.
        """
        expected, digest, count = self.manifest.files[name], hashlib.sha256(), 0
        with self._blaming(name), self._zip.open(name) as member:
            while chunk := member.read(_CHUNK):
                digest.update(chunk)
                count += len(chunk)
                if count > expected.bytes:
                    break
                yield chunk
        if (count, digest.hexdigest()) != (expected.bytes, expected.sha256):
            raise self._damaged(f"{name} is not as it was")

    def check(self, on_bytes: OnBytes) -> None:
        for name in self.manifest.files:
            for chunk in self.chunks(name):
                on_bytes(len(chunk))

    def _opened(self) -> zipfile.ZipFile:
        try:
            return zipfile.ZipFile(self._path)
        except (FileNotFoundError, IsADirectoryError):
            raise BackupNotFound(path=self._path) from None
        except (zipfile.BadZipFile, ValueError, OSError) as error:
            raise self._damaged("its end is missing, or it is another kind of file", error) from error

    def _read_manifest(self) -> BackupManifest:
        with self._blaming(_MANIFEST), self._zip.open(_MANIFEST) as member:
            content = member.read(_LARGEST_MANIFEST)
        try:
            manifest = BackupManifest.model_validate_json(content)
        except ValidationError as error:
            raise self._too_new_or_damaged(content, error) from error
        wrong = next((name for name in manifest.files if not _stays_inside(name)), None)
        if wrong is not None:
            raise self._damaged(f"it holds the name {wrong!r}, which leads out of a workspace")
        return manifest

    def _too_new_or_damaged(self, content: bytes, error: ValidationError) -> Exception:
        try:
            head = orjson.loads(content)
            if int(head["format"]) > FORMAT:
                return BackupTooNew(path=self._path, made_with=head.get("made_with", "unknown"))
        except (ValueError, KeyError, TypeError, AttributeError):
            pass
        return self._damaged("its manifest cannot be read", error)

    @contextmanager
    def _blaming(self, name: str) -> Iterator[None]:
        try:
            yield
        except KeyError:
            raise self._damaged(f"{name} is missing") from None
        except (zipfile.BadZipFile, EOFError, OSError, ValueError, RuntimeError, zlib.error) as error:
            raise self._damaged(f"{name} cannot be read", error) from error

    def _damaged(self, reason: str, error: Exception | None = None) -> BackupDamaged:
        return BackupDamaged(path=self._path, reason=reason, details=repr(error) if error else "")


def _stays_inside(name: str) -> bool:
    path = PurePosixPath(name)
    return bool(path.parts) and not (path.is_absolute() or ".." in path.parts or "\\" in name or ":" in name)
