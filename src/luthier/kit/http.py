"""The one HTTP client: patient with servers that answer badly, quick to say that nothing answers at all."""

import hashlib
import random
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import orjson

from luthier.kit.clock import Clock
from luthier.kit.files import writing_atomically

_MAX_REDIRECTS = 5
_WORTH_RETRYING = frozenset({408, 425, 429, 500, 502, 503, 504})
_LONGEST_PAUSE = 20.0
_CHUNK = 1 << 18

OnBytes = Callable[[int, int], None]  # bytes so far, bytes in all (0: not known)


class HttpFailed(Exception):
    """A request that brought nothing usable; `str()` is the reason in a few words, `status` the answer's, if any."""

    def __init__(self, reason: str, status: int | None = None, error_code: str = "") -> None:
        """`error_code` is what some servers say of it in the header X-Error-Code."""
        super().__init__(reason)
        self.status = status
        self.error_code = error_code


class _TryAgain(Exception):
    """A failure that may pass, with the pause in seconds that the server asked for."""

    def __init__(self, failure: HttpFailed, pause: float | None = None) -> None:
        super().__init__(str(failure))
        self.failure = failure
        self.pause = pause


class Http:
    """Thread-safe. A host that cannot be connected to at all is reported at once; what breaks later is tried again."""

    def __init__(
        self,
        clock: Clock,
        *,
        connect_seconds: float = 3.0,
        read_seconds: float = 30.0,
        attempts: int = 5,
        may_ask: Callable[[str], bool] = lambda _: True,
        token: str | None = None,
    ) -> None:
        """`may_ask` is asked about every address before it is, those included that a server redirects to.

        The token says who asks; it goes to the address that is asked for, and not where another host redirects to.
        """
        self._clock = clock
        self._attempts = attempts
        self._may_ask = may_ask
        self._client = httpx.Client(
            timeout=httpx.Timeout(read_seconds, connect=connect_seconds),
            follow_redirects=True,
            max_redirects=_MAX_REDIRECTS,
            headers={
                "User-Agent": "luthier",
                "Accept-Encoding": "identity",
                **({"Authorization": f"Bearer {token}"} if token else {}),
            },
            event_hooks={"request": [self._refuse_others]},
        )

    def close(self) -> None:
        self._client.close()

    def get_json(self, url: str, *, most_bytes: int = 8 << 20) -> Any:
        """The parsed answer. Raises HttpFailed, also for an answer that is longer than `most_bytes` or no JSON."""
        return self._retrying(lambda: self._get_json_once(url, most_bytes), lambda: False)

    def beginning(self, url: str, count: int) -> bytes:
        """At most the first `count` bytes of what is at an address. Raises HttpFailed."""

        def once() -> bytes:
            content = b""
            with self._answer(url, {"Range": f"bytes=0-{count - 1}"}) as response:
                for chunk in response.iter_raw():
                    content += chunk
                    if len(content) >= count:
                        break
            return content[:count]

        found: bytes = self._retrying(once, lambda: False)
        return found

    def download(
        self, url: str, target: Path, *, expected_bytes: int, digest: "Digest", on_bytes: OnBytes | None = None
    ) -> None:
        """Brings a file of known size and content to `target`, which then exists whole or not at all.

        What an earlier call left unfinished is continued. Raises HttpFailed, and OSError when it cannot be written.
        """
        target.parent.mkdir(parents=True, exist_ok=True)
        partial = target.with_name(f"{target.name}.part")
        begun = _Begun()

        def once() -> None:
            self._download_once(url, partial, expected_bytes, on_bytes, begun)
            if not digest.matches(partial):
                partial.unlink()
                raise _TryAgain(HttpFailed("what arrived is not the file that was asked for: its hash differs"))

        self._retrying(once, lambda: begun.received)
        partial.replace(target)

    def save(self, url: str, target: Path, *, most_bytes: int, on_bytes: OnBytes | None = None) -> None:
        """Brings whatever is at an address to `target`, which then exists whole or is as it was before.

        Raises HttpFailed, also for more than `most_bytes`, and OSError when it cannot be written.
        """

        def once() -> None:
            with self._answer(url, {}) as response, writing_atomically(target) as file:
                have, announced = 0, _announced_bytes(response)
                for chunk in response.iter_raw():
                    have += len(chunk)
                    if have > most_bytes:
                        raise HttpFailed(f"the file is longer than {most_bytes} bytes")
                    file.write(chunk)
                    if on_bytes is not None:
                        on_bytes(have, announced)

        self._retrying(once, lambda: False)

    def _retrying(self, once: Callable[[], Any], was_reachable: Callable[[], bool]) -> Any:
        for attempt in range(1, self._attempts + 1):
            try:
                return once()
            except _TryAgain as trouble:
                if attempt == self._attempts:
                    raise trouble.failure from trouble
                # Full jitter, so that many clients of one broken server do not come back at the same moment.
                pause = trouble.pause if trouble.pause is not None else random.uniform(0, 0.5 * 2**attempt)  # noqa: S311
                self._clock.sleep(min(pause, _LONGEST_PAUSE))
            except (httpx.ConnectError, httpx.ConnectTimeout, httpx.ProxyError) as error:
                if attempt == self._attempts or not was_reachable():
                    raise HttpFailed(f"{httpx.URL(_url_of(error)).host} cannot be reached ({_words(error)})") from error
                self._clock.sleep(random.uniform(0, 0.5 * 2**attempt))  # noqa: S311 - not a secret
        raise AssertionError("the loop always returns or raises")

    def _get_json_once(self, url: str, most_bytes: int) -> Any:
        with self._answer(url, {}) as response:
            content = b""
            for chunk in response.iter_raw():
                content += chunk
                if len(content) > most_bytes:
                    raise HttpFailed(f"the answer is longer than {most_bytes} bytes")
        try:
            return orjson.loads(content)
        except ValueError as error:
            raise HttpFailed("the answer is not JSON") from error

    def _download_once(
        self, url: str, partial: Path, expected_bytes: int, on_bytes: OnBytes | None, begun: "_Begun"
    ) -> None:
        have = partial.stat().st_size if partial.exists() else 0
        if have > expected_bytes:
            partial.unlink()
            have = 0
        if have == expected_bytes:
            return
        headers = {"Range": f"bytes={have}-"} if have else {}
        with self._answer(url, headers) as response:
            begun.received = True
            if not _continues_at(response, have):
                have = 0
            with open(partial, "ab" if have else "wb") as file:
                for chunk in response.iter_raw():
                    have += len(chunk)
                    if have > expected_bytes:
                        break
                    file.write(chunk)
                    if on_bytes is not None:
                        on_bytes(have, expected_bytes)
        if have > expected_bytes:
            partial.unlink()
            raise HttpFailed(f"the file is longer than the {expected_bytes} bytes that it should have")
        if have < expected_bytes:
            raise _TryAgain(HttpFailed(f"the connection ended after {have} of {expected_bytes} bytes"))

    def _refuse_others(self, request: httpx.Request) -> None:
        if not self._may_ask(str(request.url)):
            raise HttpFailed(
                f"{request.url.scheme}://{request.url.netloc.decode()} is not on the list of places to ask"
            )

    @contextmanager
    def _answer(self, url: str, headers: dict[str, str]) -> Iterator[httpx.Response]:
        try:
            with self._client.stream("GET", url, headers=headers) as response:
                _check(response)
                yield response
        except (httpx.ConnectError, httpx.ConnectTimeout, httpx.ProxyError):
            raise
        except httpx.TooManyRedirects as error:
            raise HttpFailed(f"it redirects more than {_MAX_REDIRECTS} times") from error
        except httpx.TransportError as error:
            raise _TryAgain(HttpFailed(f"the connection broke ({_words(error)})")) from error
        except httpx.InvalidURL as error:
            raise HttpFailed(f"{url} is not an address") from error


class Digest:
    """What a file's content must be: its sha256, or the name that git gives it."""

    def __init__(self, *, sha256: str | None = None, git_blob: str | None = None) -> None:
        if (sha256 is None) == (git_blob is None):
            raise ValueError("exactly one of sha256 and git_blob must be given")
        self._sha256 = sha256
        self._git_blob = git_blob

    def matches(self, path: Path) -> bool:
        if self._sha256 is not None:
            return _hash(path, hashlib.sha256()) == self._sha256
        header = hashlib.sha1(b"blob %d\0" % path.stat().st_size, usedforsecurity=False)
        return _hash(path, header) == self._git_blob


class _Begun:
    received = False


def _check(response: httpx.Response) -> None:
    if any(step.url.scheme == "https" for step in response.history) and response.url.scheme != "https":
        raise HttpFailed("it redirects from a protected to an unprotected address")
    status = response.status_code
    if status in _WORTH_RETRYING:
        raise _TryAgain(HttpFailed(f"{response.url.host} answers {status}", status), _asked_pause(response))
    if status >= 400:
        error_code = response.headers.get("X-Error-Code", "")
        raise HttpFailed(f"{response.url.host} answers {status}", status, error_code)
    if response.headers.get("Content-Encoding", "identity") != "identity":
        raise HttpFailed("the answer is compressed although that was not asked for")


def _continues_at(response: httpx.Response, offset: int) -> bool:
    return response.status_code == 206 and response.headers.get("Content-Range", "").startswith(f"bytes {offset}-")


def _announced_bytes(response: httpx.Response) -> int:
    """0 when the answer does not say how long it is."""
    length = response.headers.get("Content-Length", "")
    return int(length) if length.isdecimal() else 0


def _asked_pause(response: httpx.Response) -> float | None:
    """Retry-After in seconds; its other form, a date, is left to the usual pause."""
    asked = response.headers.get("Retry-After", "")
    return float(asked) if asked.isdecimal() else None


def _url_of(error: httpx.TransportError) -> str:
    return str(error.request.url)


def _words(error: httpx.TransportError) -> str:
    return str(error).strip() or type(error).__name__


def _hash(path: Path, digest: "hashlib._Hash") -> str:
    with open(path, "rb") as file:
        while chunk := file.read(_CHUNK):
            digest.update(chunk)
    return digest.hexdigest()
