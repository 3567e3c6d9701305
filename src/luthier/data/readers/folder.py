"""A folder as a source: its files and those of its folders, by name; links that lead out of it are not followed."""

from collections.abc import Iterator
from pathlib import Path

from luthier.data.facts import Limits
from luthier.data.readers.content import on_disk, writable
from luthier.data.readers.rows import Reading, error_at, moved
from luthier.data.readers.several import HEAD_BYTES, Member, choice_among, is_hidden, passed_over
from luthier.domain.datasets import DatasetUnreadable
from luthier.domain.findings import Finding, Level

_ARCHIVE_ENDINGS = (".zip",)


def members_of(folder: Path, reading: Reading) -> Iterator[Member]:
    """Raises DatasetUnreadable for a folder of more files than the limits allow."""
    names = names_in(folder, reading.limits)
    choice = choice_among(names, lambda name: _head(folder, name))
    for name in names:
        path = folder / name
        if _leads_out(path, folder):
            yield _not_followed(writable(name))
        elif choice.takes(name) or name.lower().endswith(_ARCHIVE_ENDINGS):
            yield on_disk(path, name, reading.meter)
        else:
            reading.meter.pass_over(path, path.lstat().st_size)
            yield passed_over(writable(name))


def names_in(folder: Path, limits: Limits) -> list[str]:
    """Relative to the folder, with slashes, in order."""
    names: list[str] = []
    try:
        for path in folder.rglob("*"):
            name = path.relative_to(folder).as_posix()
            if not is_hidden(name) and (path.is_file() or path.is_symlink()):
                names.append(name)
            if len(names) > limits.files:
                raise DatasetUnreadable(
                    source=folder, kind="examples", reason=f"the folder holds more than {limits.files} files"
                )
    except OSError as error:
        raise DatasetUnreadable(source=folder, kind="examples", reason=error.strerror or str(error)) from error
    return sorted(names)


def _head(folder: Path, name: str) -> bytes:
    path = folder / name
    return b"" if _leads_out(path, folder) else on_disk(path, name).head(HEAD_BYTES)


def _leads_out(path: Path, folder: Path) -> bool:
    if not path.is_symlink():
        return False
    try:
        return not path.resolve(strict=True).is_relative_to(folder.resolve())
    except (OSError, RuntimeError):  # it leads nowhere, or in a circle
        return True


def _not_followed(name: str) -> Finding:
    finding = error_at("link_passed_over", "The link leads out of the folder, or nowhere, and was not followed.")
    return moved(finding.model_copy(update={"level": Level.WARNING}), file=name)
