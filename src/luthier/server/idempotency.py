"""A write that carries an Idempotency-Key happens at most once: its repetition gets the answer of the first."""

import base64
import hashlib
import os
from datetime import datetime
from pathlib import Path
from typing import Any

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from luthier.domain.requests import IdempotencyKeyInvalid, IdempotencyKeyReused, RequestUnfinished
from luthier.kit.clock import Clock, parse_rfc3339, rfc3339
from luthier.kit.files import read_json, write_json

HEADER = "idempotency-key"
KEPT_SECONDS = 7 * 86_400
_KEPT_HEADERS = ("content-type", "location")
_MAKES_KEYS = (
    "/api/v1/keys"  # an answer that holds a key must not lie on the disk; a name can be taken only once anyway
)


class OnceOnly:
    """Around JSON writes of the API. Streams and uploads are left alone: the one decides nothing, the other is
    idempotent by its content."""

    def __init__(self, app: ASGIApp, folder: Path, clock: Clock) -> None:
        self._app = app
        self._answers = Answers(folder, clock)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope, receive) if scope["type"] == "http" else None
        if request is None or not _applies(request):
            await self._app(scope, receive, send)
            return
        key = request.headers[HEADER]
        if not (1 <= len(key) <= 128 and key.isascii() and key.isprintable()):
            raise IdempotencyKeyInvalid()
        body = await request.body()
        name = _digest(request.state.session.token_sha256, key)
        fingerprint = _digest(request.method, request.url.path, request.url.query, body.hex())
        known = await run_in_threadpool(self._answers.claim, name, fingerprint)
        if known is not None:
            await known(scope, receive, send)
            return
        await self._record(name, fingerprint, scope, _replayed(body, receive), send)

    async def _record(self, name: str, fingerprint: str, scope: Scope, receive: Receive, send: Send) -> None:
        """A success is kept and a refusal forgotten, so that it may be mended and tried again under the same key.

        After anything else nobody knows whether the work was done: the claim stays, and a repetition is refused.
        """
        recorded = _Recorded()

        async def record(message: Message) -> None:
            recorded.take(message)
            if recorded.is_complete:
                if 200 <= recorded.status < 300 and not recorded.is_stream:
                    await run_in_threadpool(self._answers.keep, name, fingerprint, recorded)
                elif recorded.status < 500:
                    self._answers.release(name)
            await send(message)

        await self._app(scope, receive, record)


class _Recorded:
    def __init__(self) -> None:
        self.status = 0
        self.headers: dict[str, str] = {}
        self.body = b""
        self.is_complete = False

    @property
    def is_stream(self) -> bool:
        return self.headers.get("content-type", "").startswith("text/event-stream")

    def take(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
            found = {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in message["headers"]}
            self.headers = {name: found[name] for name in _KEPT_HEADERS if name in found}
        elif message["type"] == "http.response.body":
            self.body += b"" if self.is_stream else message.get("body", b"")
            self.is_complete = not message.get("more_body", False)


class Answers:
    """One small file per key. A file without an answer is a claim: the work is going on, or was interrupted."""

    def __init__(self, folder: Path, clock: Clock) -> None:
        self._folder = folder
        self._clock = clock
        folder.mkdir(parents=True, exist_ok=True)
        self._forget_old()

    def claim(self, name: str, fingerprint: str) -> Response | None:
        """None when the caller now owns the key; else the answer to repeat.

        Raises IdempotencyKeyReused or RequestUnfinished.
        """
        path = self._folder / name
        try:
            descriptor = os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
        except FileExistsError:
            return self._repeat(path, fingerprint)
        os.close(descriptor)
        return None

    def _repeat(self, path: Path, fingerprint: str) -> Response:
        if path.stat().st_size == 0:
            raise RequestUnfinished()
        kept: dict[str, Any] = read_json(path)
        if kept["fingerprint"] != fingerprint:
            raise IdempotencyKeyReused()
        headers = {**kept["headers"], "idempotency-replayed": "true"}
        return Response(base64.b64decode(kept["body"]), kept["status"], headers)

    def keep(self, name: str, fingerprint: str, recorded: _Recorded) -> None:
        document = {
            "at": rfc3339(self._clock.now()),
            "fingerprint": fingerprint,
            "status": recorded.status,
            "headers": recorded.headers,
            "body": base64.b64encode(recorded.body).decode(),
        }
        write_json(self._folder / name, document)

    def release(self, name: str) -> None:
        (self._folder / name).unlink(missing_ok=True)

    def _forget_old(self) -> None:
        for path in self._folder.iterdir():
            if (self._clock.now() - self._kept_at(path)).total_seconds() > KEPT_SECONDS:
                path.unlink(missing_ok=True)

    def _kept_at(self, path: Path) -> datetime:
        if path.stat().st_size == 0:
            return datetime.fromtimestamp(path.stat().st_mtime, self._clock.now().tzinfo)
        return parse_rfc3339(read_json(path)["at"])


def _applies(request: Request) -> bool:
    is_write = request.method in ("POST", "PUT", "PATCH", "DELETE") and request.url.path.startswith("/api/v1/")
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    signed_in = "session" in request.scope.get("state", {})
    is_write = is_write and request.url.path != _MAKES_KEYS
    return is_write and HEADER in request.headers and kind in ("", "application/json") and signed_in


def _replayed(body: bytes, receive: Receive) -> Receive:
    """Hands on a body that was already read, then what comes after it."""
    given = False

    async def receive_again() -> Message:
        nonlocal given
        if given:
            return await receive()
        given = True
        return {"type": "http.request", "body": body, "more_body": False}

    return receive_again


def _digest(*parts: str) -> str:
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()
