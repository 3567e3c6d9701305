"""The model hub: which files a repository holds at one commit, and how they are brought here and verified."""

from pathlib import Path
from typing import Any
from urllib.parse import quote

from luthier.connectors.cache import link_or_copy
from luthier.connectors.hub_access import refused
from luthier.connectors.model_folder import HEADERS, OUTLINE, header_bytes
from luthier.connectors.progress import OnProgress, report_bytes
from luthier.domain.models import BaseModelNotFound, ModelUnreachable
from luthier.kit.files import write_atomically, write_json
from luthier.kit.frozen import Frozen
from luthier.kit.http import Digest, Http, HttpFailed

# What a model folder needs. Pickle files and Python code are never fetched.
_WANTED = (".safetensors", ".json", ".jinja")
_LEFT_OUT = ("onnx/", "runs/", "original/", "checkpoint-")
_USUAL_HEADER = 1 << 20  # bytes that hold the header of most weight files
_NO_SUCH_MODEL = frozenset({401, 403, 404})  # the hub answers 401 for what does not exist, to those not signed in


class HubFile(Frozen):
    name: str
    bytes: int
    sha256: str | None = None
    git_blob: str | None = None

    @property
    def digest(self) -> Digest:
        return Digest(sha256=self.sha256) if self.sha256 else Digest(git_blob=self.git_blob)


class HubModel(Frozen):
    """One repository at one commit."""

    repository: str
    revision: str
    licence: str
    files: tuple[HubFile, ...]

    @property
    def total_bytes(self) -> int:
        return sum(file.bytes for file in self.files)

    @property
    def weights(self) -> "tuple[HubFile, ...]":
        return tuple(file for file in self.files if file.name.endswith(".safetensors"))

    @property
    def without_weights(self) -> "HubModel":
        return self.model_copy(update={"files": tuple(file for file in self.files if file not in self.weights)})


class Hub:
    def __init__(self, http: Http, endpoint: str, parts: Path, token: str | None = None) -> None:
        """`parts` keeps what an interrupted download left, so that the next one continues it.

        `token` is what the client says who it is with; refusals are worded by whether there is one.
        """
        self._http = http
        self._token = token
        self._endpoint = endpoint.rstrip("/")
        self._parts = parts

    def look_up(self, repository: str, revision: str = "main") -> HubModel:
        """Raises BaseModelNotFound, also for what the hub hides from strangers, HubAccessRefused, ModelUnreachable."""
        url = f"{self._endpoint}/api/models/{quote(repository)}/revision/{quote(revision, safe='')}?blobs=true"
        try:
            document = self._http.get_json(url)
        except HttpFailed as failure:
            self._refuse(repository, failure)
            if failure.status in _NO_SUCH_MODEL:
                raise BaseModelNotFound(name=repository, details=f"{url}: {failure}") from failure
            raise ModelUnreachable(name=repository, reason=failure) from failure
        try:
            return _model_from(repository, document)
        except (KeyError, TypeError, ValueError) as error:
            reason = "the hub's answer is not a file listing"
            raise ModelUnreachable(name=repository, reason=reason, details=repr(error)) from error

    def fetch(self, model: HubModel, folder: Path, on_progress: OnProgress | None = None) -> None:
        """Puts the verified files into `folder`; continues what an earlier call began.

        Raises ModelUnreachable, HubAccessRefused.
        """
        before = 0
        for file in model.files:
            kept = self._parts / model.revision / file.name
            on_bytes = report_bytes(f"fetching {file.name}", on_progress, before, model.total_bytes)
            url = self._address(model, file)
            try:
                if not (kept.exists() and file.digest.matches(kept)):
                    self._http.download(url, kept, expected_bytes=file.bytes, digest=file.digest, on_bytes=on_bytes)
            except HttpFailed as failure:
                self._refuse(model.repository, failure)
                raise ModelUnreachable(name=model.repository, reason=f"{file.name}: {failure}") from failure
            before += file.bytes
            link_or_copy(kept, folder / file.name)

    def outline(self, model: HubModel, folder: Path, on_progress: OnProgress | None = None) -> None:
        """All but the weights, and of these the headers, as `inspect_outline` reads it. Raises what `fetch` raises."""
        self.fetch(model.without_weights, folder, on_progress)
        for file in model.weights:
            url = self._address(model, file)
            try:
                start = self._http.beginning(url, _USUAL_HEADER)
                if len(start) < header_bytes(start) <= file.bytes:
                    start = self._http.beginning(url, header_bytes(start))
            except HttpFailed as failure:
                self._refuse(model.repository, failure)
                raise ModelUnreachable(name=model.repository, reason=f"{file.name}: {failure}") from failure
            write_atomically(folder / HEADERS / file.name, start[: header_bytes(start)])
        write_json(folder / OUTLINE, {file.name: file.bytes for file in model.weights})

    def _address(self, model: HubModel, file: HubFile) -> str:
        return f"{self._endpoint}/{quote(model.repository)}/resolve/{model.revision}/{quote(file.name)}"

    def _refuse(self, repository: str, failure: HttpFailed) -> None:
        """Raises HubAccessRefused when that is what happened."""
        if refusal := refused(failure, repository, f"{self._endpoint}/{repository}", self._token):
            raise refusal from failure

    def forget_parts(self, model: HubModel) -> None:
        for file in model.files:
            (self._parts / model.revision / file.name).unlink(missing_ok=True)


def _model_from(repository: str, document: dict[str, Any]) -> HubModel:
    files = [_file_from(entry) for entry in document["siblings"] if _is_wanted(entry["rfilename"])]
    if not files:
        raise ValueError("no safetensors or JSON files")
    licence = (document.get("cardData") or {}).get("license") or "not stated"
    return HubModel(
        repository=repository, revision=document["sha"], licence=str(licence), files=tuple(sorted(files, key=_by_size))
    )


def _file_from(entry: dict[str, Any]) -> HubFile:
    lfs = entry.get("lfs")
    if lfs:
        return HubFile(name=entry["rfilename"], bytes=lfs["size"], sha256=lfs["sha256"])
    return HubFile(name=entry["rfilename"], bytes=entry["size"], git_blob=entry["blobId"])


def _is_wanted(name: str) -> bool:
    inside = not name.startswith("/") and ".." not in name.split("/")
    return inside and name.endswith(_WANTED) and not name.startswith(_LEFT_OUT)


def _by_size(file: HubFile) -> tuple[int, str]:
    """Small files first: a folder that cannot be used is noticed before the gigabytes."""
    return file.bytes, file.name
