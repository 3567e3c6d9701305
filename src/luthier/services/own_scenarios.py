"""The scenarios of a workspace: the only ones that are written from afar, and never over what somebody else wrote."""

import hashlib
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path, PurePosixPath

from luthier.data.facts import limits
from luthier.data.readers.archive import archive_members
from luthier.data.readers.content import Content, on_disk
from luthier.data.readers.rows import SourceFault
from luthier.data.scenarios.files import ENDINGS, LARGEST_BYTES, decoded, head_text, holds_more_than, is_scenario
from luthier.domain.errors import LuthierError
from luthier.domain.findings import Finding
from luthier.domain.scenario_views import ScenarioText
from luthier.domain.scenarios import (
    ScenarioChangedMeanwhile,
    ScenarioNameTaken,
    ScenarioNotOwn,
    ScenarioPathMissing,
    ScenariosHaveErrors,
    ScenarioUploadWrong,
)
from luthier.kit.files import exists, write_atomically
from luthier.kit.ids import new_id
from luthier.services.uploads import Uploads, plain_name

_HEAD_BYTES = 1 << 16
_MOST_FILES = 5_000  # of one archive
_TRIES = 100  # to find a free name


class OwnScenarios:
    def __init__(self, folder: Path, uploads: Uploads) -> None:
        self.folder = folder
        self._uploads = uploads

    @property
    def is_empty(self) -> bool:
        return not self.folder.exists() or not holds_more_than(self.folder, 0)

    def holds(self, path: Path) -> bool:
        return path.resolve().is_relative_to(self.folder.resolve())

    def open(self, path: str) -> ScenarioText:
        """Any scenario of this machine. Raises ScenarioPathMissing, and ScenariosHaveErrors for what is no text."""
        place = Path(path).expanduser()
        if place.suffix.lower() not in ENDINGS or not exists(place) or not place.is_file():
            raise ScenarioPathMissing(path=path)
        content = place.read_bytes() if place.stat().st_size <= LARGEST_BYTES else bytes(LARGEST_BYTES + 1)
        text = decoded(content, place.name)
        if isinstance(text, Finding):
            raise ScenariosHaveErrors(source=path, errors="1 problem", first=f"{text.place}: {text.sentence}")
        return ScenarioText(path=str(place), text=text, sha256=_sha256(content), is_own=self.holds(place))

    def save(self, name: str, text: str, *, replaces: str | None = None) -> ScenarioText:
        """`name` is that of a file in the folder, e.g. `ford.md` or `river/ford.md`.

        A file that is there is replaced only when `replaces` is its sha256. Raises ScenarioNameTaken,
        ScenarioChangedMeanwhile and ScenarioNotOwn.
        """
        place = self.folder / _inside(name)
        if not self.holds(place.parent):  # a link in the folder leads out of it
            raise ScenarioNotOwn(path=place)
        if exists(place):
            if replaces is None:
                raise ScenarioNameTaken(name=self.name_of(place))
            if replaces != _sha256(place.read_bytes()):
                raise ScenarioChangedMeanwhile(name=self.name_of(place))
        write_atomically(place, text.encode())
        return self.open(str(place))

    def rename(self, name: str, new_name: str) -> ScenarioText:
        """Raises ScenarioPathMissing, ScenarioNameTaken and ScenarioNotOwn."""
        place, target = self.place_of(name), self.folder / _inside(new_name)
        if not self.holds(target.parent):
            raise ScenarioNotOwn(path=target)
        if exists(target):
            raise ScenarioNameTaken(name=self.name_of(target))
        self.move(place, target)
        return self.open(str(target))

    def place_of(self, name: str) -> Path:
        """Of a scenario that is here. Raises ScenarioPathMissing, and ScenarioNotOwn when a link leads out."""
        place = self.folder / _inside(name)
        if not exists(place) or not place.is_file():
            raise ScenarioPathMissing(path=name)
        if not self.holds(place):
            raise ScenarioNotOwn(path=place)
        return place

    def move(self, place: Path, target: Path) -> None:
        """Folders that nothing is left in go too."""
        target.parent.mkdir(parents=True, exist_ok=True)
        place.rename(target)
        for folder in place.parents:
            if folder == self.folder or any(folder.iterdir()):
                return
            folder.rmdir()

    def name_of(self, path: Path) -> str:
        """Within the folder. Raises ScenarioNotOwn."""
        if not self.holds(path):
            raise ScenarioNotOwn(path=path)
        return path.resolve().relative_to(self.folder.resolve()).as_posix()

    def bring(self, upload_id: str) -> Path:
        """Takes in a Markdown file that was sent, or the scenarios of an archive; where they are now.

        Raises ScenarioUploadWrong.
        """
        sent = self._uploads.path(upload_id)
        try:
            return self._unpacked(sent) if sent.suffix.lower() == ".zip" else self._copied(sent)
        finally:
            self._uploads.discard(upload_id)

    def _copied(self, sent: Path) -> Path:
        if sent.suffix.lower() not in ENDINGS:
            raise ScenarioUploadWrong(name=sent.name, reason="its name ends neither in .md nor in .zip")
        if sent.stat().st_size > LARGEST_BYTES:
            raise ScenarioUploadWrong(name=sent.name, reason=f"it has more than {LARGEST_BYTES >> 20} MiB")
        content = sent.read_bytes()
        place = self.free(sent.stem, lambda path: path.read_bytes() != content, sent.suffix)
        write_atomically(place, content)
        return place

    def _unpacked(self, sent: Path) -> Path:
        staging = self.folder / f".{new_id('zip')}"
        try:
            count = 0
            for name, content in _scenarios_in(sent):
                write_atomically(staging / name, content)
                count += 1
                if count > _MOST_FILES:
                    raise ScenarioUploadWrong(name=sent.name, reason=f"it holds more than {_MOST_FILES} scenarios")
            if not count:
                raise ScenarioUploadWrong(name=sent.name, reason="it holds no scenario")
            place = self.free(sent.stem, lambda _: True)
            staging.rename(place)
        except SourceFault as fault:
            raise ScenarioUploadWrong(name=sent.name, reason=fault.finding.sentence.rstrip(".")) from fault
        finally:
            shutil.rmtree(staging, ignore_errors=True)
        return place

    def free(self, stem: str, is_other: Callable[[Path], bool], suffix: str = "") -> Path:
        """A name that nothing has, or that what is there shares rightly. `stem` may lead into a folder."""
        for number in range(1, _TRIES):
            place = self.folder / f"{stem}{f'-{number}' if number > 1 else ''}{suffix}"
            if not exists(place) or not is_other(place):
                return place
        raise ScenarioNameTaken(name=f"{stem}{suffix}")


def _scenarios_in(archive: Path) -> Iterator[tuple[PurePosixPath, bytes]]:
    try:
        for member in archive_members(on_disk(archive), limits()):
            if isinstance(member, Content) and member.ending in ENDINGS:
                content = member.whole(LARGEST_BYTES)
                if len(content) <= LARGEST_BYTES and is_scenario(head_text(content[:_HEAD_BYTES])):
                    yield _inside(member.name), content
    except LuthierError as error:
        reason = str(error.problem.fields.get("reason") or error.problem.sentence.rstrip("."))
        raise ScenarioUploadWrong(name=archive.name, reason=reason) from error


def _inside(name: str) -> PurePosixPath:
    """The name as one that cannot lead out of a folder, nor hide in it."""
    given = PurePosixPath(name.replace("\\", "/")).parts
    parts = [plain_name(part) for part in given if part.strip("./ ") and not part.endswith(":")]
    path = PurePosixPath(*parts) if parts else PurePosixPath("scenario.md")
    return path if path.suffix.lower() in ENDINGS else path.with_name(f"{path.name}.md")


def _sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()
