"""Sent files: kept in the workspace until they are imported, called off, or a day old."""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path, PurePosixPath, PureWindowsPath
from typing import BinaryIO

from luthier.domain.errors import Action, LuthierError, Problem
from luthier.domain.requests import UploadNeedsSpace
from luthier.domain.uploads import Upload, UploadNotFound
from luthier.kit.clock import Clock
from luthier.kit.files import free_bytes, read_json, sealed_folder, write_json
from luthier.kit.ids import new_id
from luthier.kit.units import show_bytes
from luthier.services.folders import Folders

KEPT = timedelta(days=1)
_NOTE = "upload.json"
_SENT = "sent"  # a folder of its own: the file may be called anything, also as the note is


class Uploads:
    def __init__(self, folders: Folders, clock: Clock) -> None:
        self._root = folders.uploads
        self._clock = clock

    def keep(self, name: str | None, content: BinaryIO, size: int) -> Upload:
        """Raises UploadNeedsSpace when the file and its examples would not both fit."""
        free = free_bytes(self._root)
        if 2 * size > free:
            raise UploadNeedsSpace(needed=show_bytes(size), free=show_bytes(free))
        self.tidy()
        upload_id = new_id("upl")
        with sealed_folder(self._root / upload_id, {}) as staging:
            path = staging / _SENT / plain_name(name)
            path.parent.mkdir()
            with open(path, "wb") as copy:
                shutil.copyfileobj(content, copy, 1 << 20)
            upload = Upload(upload_id=upload_id, name=path.name, bytes=path.stat().st_size, sent_at=self._clock.now())
            write_json(staging / _NOTE, upload.model_dump(mode="json"))
        return upload

    def get(self, upload_id: str) -> Upload:
        note = self._root / PurePosixPath(upload_id).name / _NOTE
        if not upload_id.startswith("upl_") or not note.is_file():
            raise UploadNotFound(upload=upload_id)
        return Upload.model_validate(read_json(note))

    def path(self, upload_id: str) -> Path:
        upload = self.get(upload_id)
        return self._root / upload.upload_id / _SENT / upload.name

    def discard(self, upload_id: str) -> None:
        shutil.rmtree(self._root / self.get(upload_id).upload_id, ignore_errors=True)

    @contextmanager
    def named_as_sent(self, upload_id: str | None) -> Iterator[None]:
        """Within, problems speak of the file by the name it was sent under; where it lies concerns nobody."""
        try:
            yield
        except LuthierError as error:
            if upload_id is not None:
                error.problem = _without(f"{self._root / upload_id / _SENT}{os.sep}", error.problem)
            raise

    def tidy(self) -> None:
        """Removes what nobody came back for, and what a killed server left half written."""
        oldest = self._clock.now() - KEPT
        for folder in self._root.iterdir() if self._root.exists() else ():
            if folder.stat().st_mtime < oldest.timestamp():
                shutil.rmtree(folder, ignore_errors=True)


def _without(place: str, problem: Problem) -> Problem:
    actions = tuple(
        Action(label=action.label.replace(place, ""), command=action.command and action.command.replace(place, ""))
        for action in problem.actions
    )
    return problem.model_copy(
        update={"sentence": problem.sentence.replace(place, ""), "actions": actions, "fields": {}}
    )


def plain_name(sent: str | None) -> str:
    """The last part of the name that a browser sent, whatever system it runs on; it cannot lead elsewhere."""
    last = PureWindowsPath(PurePosixPath(sent or "").name).name
    plain = "".join(letter for letter in last if letter.isprintable() and letter not in '<>:"|?*').lstrip(".")
    return plain[-120:] or "upload"
