"""JSON asked of a server over HTTP, once and without trying again: for programs on this machine."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import orjson

from luthier.kit.http import HttpFailed

_CONNECT_SECONDS = 3.0


class JsonClient:
    """Raises HttpFailed from every call: with the server's own words where it gives a reason."""

    def __init__(self, address: str, *, token: str | None = None, read_seconds: float = 600.0) -> None:
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        timeout = httpx.Timeout(read_seconds, connect=_CONNECT_SECONDS)
        self._client = httpx.Client(base_url=address, timeout=timeout, headers=headers, trust_env=False)

    def get(self, path: str) -> Any:
        return self._answer("GET", path)

    def post(self, path: str, document: Any) -> Any:
        return self._answer("POST", path, document)

    def exists(self, path: str) -> bool:
        """Asked with HEAD."""
        try:
            response = self._client.head(path)
        except httpx.HTTPError as error:
            raise _unanswered(error) from error
        if response.status_code not in (200, 404):
            raise HttpFailed(f"the server answers {response.status_code}", response.status_code)
        return response.status_code == 200

    def upload(self, path: str, file: Path) -> None:
        with open(file, "rb") as content:
            try:
                response = self._client.post(path, content=content)
            except httpx.HTTPError as error:
                raise _unanswered(error) from error
        _check(response, response.content)

    def lines(self, path: str, document: Any) -> Iterator[Any]:
        """An answer that comes as one JSON value a line. A line that only tells of an error is raised."""
        try:
            with self._client.stream("POST", path, json=document) as response:
                if response.status_code >= 400:
                    _check(response, response.read())
                for line in response.iter_lines():
                    if line.strip():
                        value = _json(line)
                        if isinstance(value, dict) and value.get("error"):
                            raise HttpFailed(str(value["error"]), response.status_code)
                        yield value
        except httpx.HTTPError as error:
            raise _unanswered(error) from error

    def events(self, path: str, document: Any) -> Iterator[Any]:
        """An answer that comes as server-sent events, each with one JSON value; closing it hangs up."""
        try:
            with self._client.stream("POST", path, json=document) as response:
                if response.status_code >= 400:
                    _check(response, response.read())
                for line in response.iter_lines():
                    data = line.removeprefix("data:").strip()
                    if line.startswith("data:") and data != "[DONE]":
                        yield _json(data)
        except httpx.HTTPError as error:
            raise _unanswered(error) from error

    def close(self) -> None:
        self._client.close()

    def _answer(self, method: str, path: str, document: Any = None) -> Any:
        try:
            response = self._client.request(method, path, json=document)
        except httpx.HTTPError as error:
            raise _unanswered(error) from error
        _check(response, response.content)
        return _json(response.content)


def _check(response: httpx.Response, content: bytes) -> None:
    if response.status_code < 400:
        return
    try:
        told = orjson.loads(content)["error"]
        reason = str(told["message"] if isinstance(told, dict) else told)
    except (ValueError, KeyError, TypeError):
        reason = f"the server answers {response.status_code}"
    raise HttpFailed(reason, response.status_code)


def _json(content: bytes | str) -> Any:
    try:
        return orjson.loads(content)
    except ValueError as error:
        raise HttpFailed("the answer is not JSON") from error


def _unanswered(error: httpx.HTTPError) -> HttpFailed:
    return HttpFailed(str(error).strip() or type(error).__name__)
