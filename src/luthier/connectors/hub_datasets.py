"""Datasets of the model hub: which data files a repository holds at one commit, fetched, verified and kept."""

import hashlib
import re
from pathlib import Path, PurePosixPath
from typing import Any
from urllib.parse import quote

from luthier.connectors.cache import FolderCache
from luthier.connectors.hub import HubFile
from luthier.connectors.hub_access import refused
from luthier.connectors.progress import OnProgress, report_bytes
from luthier.data.readers.several import choice_among
from luthier.domain.dataset_sources import HubDatasetNotFound, HubDatasetSplits, SourceUnreachable
from luthier.kit.files import sealed_folder
from luthier.kit.frozen import Frozen
from luthier.kit.http import Http, HttpFailed

_NAME = r"[A-Za-z0-9][\w.-]*"
_REFERENCE = re.compile(rf"hub:({_NAME}/{_NAME})(?:@([\w.-]+))?(?:/(.+))?")
_COMMIT = re.compile(r"[0-9a-f]{7,64}")
_NO_SUCH_DATASET = frozenset({401, 403, 404})
_NO_DATA = frozenset({"dataset_infos.json", "dataset_info.json", "dataset_dict.json", "state.json"})
_TRAINED_ON = re.compile(r"(?:^|[^a-z])train", re.IGNORECASE)
_HELD_OUT = re.compile(r"(?:^|[^a-z])(?:test|valid|validation|val|dev|eval)(?:[^a-z]|$)", re.IGNORECASE)
_FILES_NAMED = 6
_DATA = "data"  # the folder of the files, beside the manifest that seals them


class HubReference(Frozen):
    """`hub:owner/name`, `hub:owner/name@revision`, and a file or folder of it after another slash."""

    repository: str
    revision: str = "main"
    inside: str = ""

    @classmethod
    def parse(cls, text: str) -> "HubReference":
        """Raises HubDatasetNotFound for what cannot be a dataset's name."""
        found = _REFERENCE.fullmatch(text.strip())
        if found is None or ".." in (found[3] or "").split("/"):
            raise HubDatasetNotFound(name=text.removeprefix("hub:"))
        return cls(repository=found[1], revision=found[2] or "main", inside=(found[3] or "").strip("/"))

    def __str__(self) -> str:
        revision = f"@{self.revision}" if self.revision != "main" else ""
        return f"hub:{self.repository}{revision}{'/' if self.inside else ''}{self.inside}"


class HubDatasets:
    def __init__(self, http: Http, endpoint: str, folder: Path, token: str | None = None) -> None:
        """`token` is what the client says who it is with; refusals are worded by whether there is one."""
        self._http = http
        self._token = token
        self._endpoint = endpoint.rstrip("/")
        self._parts = folder / "parts"
        self._cache = FolderCache(folder / "sealed")

    def fetch(self, reference: HubReference, on_progress: OnProgress | None = None) -> Path:
        """A folder with the data files, or the one file that was named.

        Raises HubDatasetNotFound, HubDatasetSplits, HubAccessRefused, SourceUnreachable.
        """
        commit, listed = self._listing(reference)
        files = _selected(reference, listed)
        chosen = hashlib.sha256(reference.inside.encode()).hexdigest()[:8]
        name = reference.repository.replace("/", "--")
        key = f"{name}-{commit[:12]}-{chosen}"
        folder = self._cache.find(key)
        if folder is None:
            folder = self._cache.place(key)
            with sealed_folder(folder, {"source": str(reference), "commit": commit}) as staging:
                self._bring(reference, commit, files, staging / _DATA, on_progress)
        return folder / _DATA / files[0].name if len(files) == 1 else folder / _DATA

    def _listing(self, reference: HubReference) -> tuple[str, list[HubFile]]:
        repository, revision = quote(reference.repository), quote(reference.revision, safe="")
        url = f"{self._endpoint}/api/datasets/{repository}/revision/{revision}?blobs=true"
        try:
            document = self._http.get_json(url)
            if not _COMMIT.fullmatch(document["sha"]):
                raise ValueError("no commit")
            return document["sha"], [_file(entry) for entry in document["siblings"]]
        except HttpFailed as failure:
            self._refuse(reference, failure)
            if failure.status in _NO_SUCH_DATASET:
                raise HubDatasetNotFound(name=reference.repository, details=f"{url}: {failure}") from failure
            raise SourceUnreachable(source=reference, reason=failure) from failure
        except (KeyError, TypeError, ValueError) as error:
            reason = "the hub's answer is not a file listing"
            raise SourceUnreachable(source=reference, reason=reason, details=repr(error)) from error

    def _bring(
        self, reference: HubReference, commit: str, files: list[HubFile], folder: Path, on_progress: OnProgress | None
    ) -> None:
        total, before = sum(file.bytes for file in files), 0
        for file in files:
            url = f"{self._endpoint}/datasets/{quote(reference.repository)}/resolve/{commit}/{quote(file.name)}"
            on_bytes = report_bytes(f"fetching {file.name}", on_progress, before, total)
            kept = self._parts / commit / file.name
            try:
                self._http.download(url, kept, expected_bytes=file.bytes, digest=file.digest, on_bytes=on_bytes)
            except HttpFailed as failure:
                self._refuse(reference, failure)
                raise SourceUnreachable(source=reference, reason=f"{file.name}: {failure}") from failure
            target = folder / file.name
            target.parent.mkdir(parents=True, exist_ok=True)
            kept.replace(target)
            before += file.bytes

    def _refuse(self, reference: HubReference, failure: HttpFailed) -> None:
        """Raises HubAccessRefused when that is what happened."""
        page = f"{self._endpoint}/datasets/{reference.repository}"
        if refusal := refused(failure, reference.repository, page, self._token):
            raise refusal from failure


def _file(entry: dict[str, Any]) -> HubFile:
    lfs = entry.get("lfs")
    if lfs:
        return HubFile(name=entry["rfilename"], bytes=lfs["size"], sha256=lfs["sha256"])
    return HubFile(name=entry["rfilename"], bytes=entry["size"], git_blob=entry["blobId"])


def _selected(reference: HubReference, listed: list[HubFile]) -> list[HubFile]:
    """Data files alone; never code, and never the parts for training and for measuring together."""
    inside = [file for file in listed if _is_inside(file.name, reference.inside)]
    choice = choice_among([file.name for file in inside if PurePosixPath(file.name).name not in _NO_DATA])
    files = [file for file in inside if choice.takes(file.name) and PurePosixPath(file.name).name not in _NO_DATA]
    if not files:
        raise HubDatasetNotFound(name=f"{reference.repository} with data files in {reference.inside or 'it'}")
    names = sorted(file.name for file in files)
    if any(map(_TRAINED_ON.search, names)) and any(map(_HELD_OUT.search, names)):
        shown = ", ".join(names[:_FILES_NAMED]) + (", …" if len(names) > _FILES_NAMED else "")
        raise HubDatasetSplits(
            name=reference.model_copy(update={"inside": ""}), files=shown, first=next(filter(_TRAINED_ON.search, names))
        )
    return sorted(files, key=lambda file: file.name)


def _is_inside(name: str, inside: str) -> bool:
    parts = name.split("/")
    if name.startswith("/") or ".." in parts or "\\" in name or "\x00" in name:
        return False
    return not inside or name == inside or name.startswith(f"{inside}/")
