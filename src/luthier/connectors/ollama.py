"""Ollama on a machine that can be reached: files by their hash, models made from them, pushed to where names lead."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from luthier.domain.deployments import OllamaFailed, OllamaUnreachable
from luthier.kit.http import HttpFailed
from luthier.kit.http_json import JsonClient


class Ollama:
    """Every call raises OllamaUnreachable when nothing answers there, OllamaFailed with Ollama's own words."""

    def __init__(self, address: str) -> None:
        self._address = address.rstrip("/")
        self._client = JsonClient(self._address)

    def version(self) -> str:
        return str(self._asking(lambda: self._client.get("/api/version"))["version"])

    def has_blob(self, sha256: str) -> bool:
        return bool(self._asking(lambda: self._client.exists(f"/api/blobs/sha256:{sha256}")))

    def upload(self, file: Path, sha256: str) -> None:
        self._asking(lambda: self._client.upload(f"/api/blobs/sha256:{sha256}", file))

    def create(self, model: str, files: dict[str, str], settings: dict[str, Any]) -> Iterator[dict[str, Any]]:
        """`files` is name -> sha256. Yields how far it is: `status`, sometimes `completed` and `total`."""
        hashes = {name: f"sha256:{digest}" for name, digest in files.items()}
        yield from self._streaming("/api/create", {"model": model, "files": hashes, "stream": True, **settings})

    def push(self, model: str) -> Iterator[dict[str, Any]]:
        yield from self._streaming("/api/push", {"model": model, "stream": True})

    def close(self) -> None:
        self._client.close()

    def _streaming(self, path: str, document: dict[str, Any]) -> Iterator[dict[str, Any]]:
        last: dict[str, Any] = {}
        try:
            for last in self._client.lines(path, document):
                yield last
        except HttpFailed as error:
            raise self._words(error) from error
        if last.get("status") != "success":  # the connection may end in the middle, with 200 at its beginning
            raise OllamaFailed(address=self._address, reason="its answer ended before it was done")

    def _asking(self, ask: Any) -> Any:
        try:
            return ask()
        except HttpFailed as error:
            raise self._words(error) from error

    def _words(self, error: HttpFailed) -> OllamaFailed | OllamaUnreachable:
        if error.status is None:
            return OllamaUnreachable(address=self._address, reason=str(error))
        return OllamaFailed(address=self._address, reason=str(error))
