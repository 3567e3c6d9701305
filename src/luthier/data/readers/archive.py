"""A zip archive as a source: its members are read as streams and never written, so no name can do harm."""

import io
import stat
import struct
import unicodedata
import zipfile
from collections.abc import Iterator
from pathlib import PurePosixPath
from typing import BinaryIO, cast

from luthier.data.facts import Limits
from luthier.data.readers.content import Content
from luthier.data.readers.rows import SourceFault, error_at, moved
from luthier.data.readers.several import HEAD_BYTES, Member, choice_among, is_hidden, passed_over
from luthier.data.readers.unpack import Budget, Packed, metered
from luthier.domain.datasets import DatasetUnreadable
from luthier.domain.findings import Finding, Level

_METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)  # the others may ask for gigabytes of memory
_END = b"PK\x05\x06"
_END_64 = b"PK\x06\x06"
_LOCATOR_64_BYTES = 20
_END_64_BYTES = 56
_TAIL_BYTES = (1 << 16) + 22 + _LOCATOR_64_BYTES + _END_64_BYTES  # the longest comment, and the records before it
_NOT_READ = (zipfile.BadZipFile, OSError, ValueError, EOFError, NotImplementedError, struct.error)


def archive_members(content: Content, limits: Limits) -> Iterator[Member]:
    """Raises DatasetUnreadable for what is no archive, is an Office document, or has more entries than allowed."""
    with content.open() as stream:
        _refuse_huge_directory(content, stream, limits)
        try:
            archive = zipfile.ZipFile(stream)
        except _NOT_READ as error:
            raise _unreadable(content, f"it is damaged ({error})") from error
        entries = [entry for entry in archive.infolist() if _is_file(entry.filename)]
        if any(entry.filename == "[Content_Types].xml" for entry in entries):
            raise _unreadable(content, "it is an Office document; save the table as CSV")
        budget = Budget(limits, content.stored_bytes)
        heads = Budget(limits, content.stored_bytes)  # of their own: what they exceed is said when members are read
        choice = choice_among([entry.filename for entry in entries], lambda name: _head(archive, name, heads))
        seen: set[str] = set()
        for entry in sorted(entries, key=lambda each: each.filename):
            if budget.is_spent:
                return
            if _leads_out(entry.filename):
                yield _name_leads_out(entry)
            if fault := _fault(entry, seen):
                yield fault
            elif choice.takes(entry.filename):
                yield _member(archive, entry, budget)
            else:
                yield passed_over(entry.filename or "(a file without a name)")
            seen.add(_folded(entry.filename))


def _member(archive: zipfile.ZipFile, entry: zipfile.ZipInfo, budget: Budget) -> Content:
    def opened() -> BinaryIO:
        try:
            return metered(cast(Packed, archive.open(entry)), budget, lambda: None)
        except (*_NOT_READ, RuntimeError) as error:
            raise DatasetUnreadable(source=entry.filename, kind="examples", reason=str(error)) from error

    return Content(entry.filename, PurePosixPath(entry.filename.lower()).suffix, entry.compress_size, opened)


def _is_file(name: str) -> bool:
    return not name.endswith("/") and not is_hidden(name)


def _head(archive: zipfile.ZipFile, name: str, budget: Budget) -> bytes:
    try:
        return _member(archive, archive.getinfo(name), budget).head(HEAD_BYTES)
    except (DatasetUnreadable, SourceFault):
        return b""


def _fault(entry: zipfile.ZipInfo, seen: set[str]) -> Finding | None:
    """Why a member is not read, if so."""
    if entry.flag_bits & 1:
        return _at(entry, error_at("archive_encrypted", "The file is encrypted."))
    if stat.S_IFMT(entry.external_attr >> 16) not in (0, stat.S_IFREG):
        return _at(entry, error_at("archive_link", "It is a link or a device and no file."))
    if _folded(entry.filename) in seen:
        return _at(entry, error_at("archive_duplicate", "The archive holds another file of this name before it."))
    if entry.compress_type not in _METHODS:
        return _at(entry, error_at("archive_method", f"It is packed with the method {entry.compress_type}."))
    if entry.filename.lower().endswith((".zip", ".7z", ".rar", ".tar")):
        return _at(entry, error_at("archive_nested", "It is an archive inside an archive."))
    return None


def _name_leads_out(entry: zipfile.ZipInfo) -> Finding:
    finding = error_at("archive_name", "The name would lead out of the folder where the archive is unpacked.")
    return _at(entry, finding.model_copy(update={"level": Level.WARNING}))


def _leads_out(name: str) -> bool:
    parts = PurePosixPath(name.replace("\\", "/")).parts
    return name.startswith(("/", "\\")) or ".." in parts or name[1:2] == ":"


def _folded(name: str) -> str:
    """Names that some file systems hold for one."""
    return unicodedata.normalize("NFC", name).casefold()


def _at(entry: zipfile.ZipInfo, finding: Finding) -> Finding:
    return moved(finding, file=entry.filename)


def _refuse_huge_directory(content: Content, stream: BinaryIO, limits: Limits) -> None:
    """Before the library reads the directory whole."""
    size = stream.seek(0, io.SEEK_END)
    stream.seek(max(0, size - _TAIL_BYTES))
    tail = stream.read()
    stream.seek(0)
    at = tail.rfind(_END)
    if at < 0 or len(tail) - at < 22:
        raise _unreadable(content, "it ends in the middle; fetch or make it again")
    entries, directory_bytes = struct.unpack_from("<HI", tail, at + 10)
    large = tail.rfind(_END_64, 0, at)
    if 0 <= large <= at - _END_64_BYTES:
        entries_64, bytes_64 = struct.unpack_from("<QQ", tail, large + 32)
        entries, directory_bytes = max(entries, entries_64), max(directory_bytes % 0xFFFFFFFF, bytes_64)
    if entries > limits.entries or directory_bytes > limits.directory_bytes:
        raise _unreadable(content, f"it holds more than {limits.entries} files, or their list is too long")


def _unreadable(content: Content, reason: str) -> DatasetUnreadable:
    return DatasetUnreadable(source=content.name, kind="a zip archive", reason=reason)
