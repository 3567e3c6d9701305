"""Serving a workspace: one server per workspace, a port that is free, a sign-in link, and a clean end."""

import errno
import gc
import os
import signal
import socket
import sys
import threading
import webbrowser
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import uvicorn
from fastapi import FastAPI
from filelock import FileLock, Timeout

from luthier.domain.serving import AddressNotUsable, PortTaken, ServerAlreadyRunning
from luthier.kit.files import read_json, write_json
from luthier.kit.frozen import Frozen
from luthier.server.addresses import addresses_of
from luthier.server.app import create_app
from luthier.server.log import LOG, log_to
from luthier.workspace import Workspace

_PORTS_TRIED = 100
_SUPERVISION_SECONDS = 15.0
_TIDYING_SECONDS = 3600.0
_OBJECTS_BEFORE_A_LOOK = 10_000  # for garbage; a page that watches is a hundred


class Ready(Frozen):
    """The server answers. `sign_in_url` works once, for ten minutes."""

    url: str
    sign_in_url: str
    api_key_file: Path


def announce(ready: Ready) -> None:
    sys.stdout.write(f"Luthier is ready at {ready.url}\nSign in: {ready.sign_in_url}\nStop it with Ctrl-C.\n")
    sys.stdout.flush()


def serve(
    workspace: Workspace,
    host: str,
    port: int,
    open_browser: bool,
    on_ready: Callable[[Ready], None] = announce,
) -> None:
    """Returns when Ctrl-C or SIGTERM ends it. Raises PortTaken, AddressNotUsable or ServerAlreadyRunning.

    Port 0 takes any free port.
    """
    folder = workspace.settings.workspace_folder
    with _only_server_of(folder, port) as register, _listening(host, port) as listener:
        port = listener.getsockname()[1]
        addresses = addresses_of(host, port)
        register(addresses.url)
        workspace.uploads.tidy()
        log_to(folder / "logs" / "server.log")
        ready = Ready(
            url=addresses.url,
            sign_in_url=f"{addresses.url}/sign-in#code={workspace.sessions.new_code()}",
            api_key_file=workspace.sessions.api_key_file(),
        )

        def greet() -> None:
            on_ready(ready)
            if open_browser:
                threading.Thread(target=webbrowser.open, args=(ready.sign_in_url,), daemon=True).start()

        server = _Server(create_app(workspace, addresses), greet)
        _end_in_order_when_asked()
        with _supervised(workspace), workspace.notifying():
            try:
                server.run(sockets=[listener])
            except KeyboardInterrupt:  # raised again by uvicorn after it has ended in good order
                pass


def _end_in_order_when_asked() -> None:
    """uvicorn raises the signal that ended it once more, and by default that would end us before we have tidied up."""
    if threading.current_thread() is threading.main_thread():
        signal.signal(signal.SIGTERM, signal.default_int_handler)


class _Server(uvicorn.Server):
    def __init__(self, app: FastAPI, greet: Callable[[], None]) -> None:
        super().__init__(
            uvicorn.Config(
                app,
                log_config=None,
                access_log=False,
                proxy_headers=False,
                server_header=False,
                ws="none",
                timeout_keep_alive=15,
                timeout_graceful_shutdown=5,
                h11_max_incomplete_event_size=32_768,
            )
        )
        self._app = app
        self._greet = greet

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        _set_aside_what_stays()
        self._greet()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        self._app.state.streams.close()
        await super().shutdown(sockets)


def _set_aside_what_stays() -> None:
    """Modules, routes and models live as long as the server: looking for garbage among them would hold everybody up
    for a third of a second, again and again. What comes later is looked through less often than by default, too.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(_OBJECTS_BEFORE_A_LOOK)


@contextmanager
def _only_server_of(folder: Path, port: int) -> Iterator[Callable[[str], None]]:
    """Holds the workspace's server lock; the system frees it however this process ends."""
    lock = FileLock(folder / "locks" / "server.lock")
    card = folder / "server.json"
    try:
        lock.acquire(timeout=0)
    except Timeout:
        running = read_json(card) if card.exists() else {"url": "an address it has not told yet", "pid": "unknown"}
        free_port = _next_free_port("127.0.0.1", port + 1)
        raise ServerAlreadyRunning(url=running["url"], pid=running["pid"], free_port=free_port) from None
    try:
        yield lambda url: write_json(card, {"url": url, "pid": os.getpid()})
    finally:
        card.unlink(missing_ok=True)
        lock.release()


@contextmanager
def _listening(host: str, port: int) -> Iterator[socket.socket]:
    if not 0 <= port <= 65_535:  # the system would take it modulo 65536
        raise AddressNotUsable(host=host, port=port, reason="a port is a number from 0 to 65535")
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        listener = socket.socket(family, kind, protocol)
    except OSError as error:
        raise AddressNotUsable(host=host, port=port, reason=_reason(error)) from None
    with listener:
        if os.name != "nt":  # there it would let two servers share a port
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind(address)
            listener.listen(128)
        except OSError as error:
            if error.errno == errno.EADDRINUSE:
                raise PortTaken(host=host, port=port, free_port=_next_free_port(host, port + 1)) from None
            raise AddressNotUsable(host=host, port=port, reason=_reason(error)) from None
        yield listener


def _reason(error: OSError) -> str:
    return (error.strerror or str(error)).rstrip(".").lower()


def _next_free_port(host: str, first: int) -> int:
    """The first that nobody listens on; 0, which takes any, when all that were tried are taken."""
    for port in range(max(first, 1024), min(first + _PORTS_TRIED, 65_536)):
        with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET, socket.SOCK_STREAM) as probe:
            probe.settimeout(0.2)
            if probe.connect_ex((host, port)) != 0:
                return port
    return 0


@contextmanager
def _supervised(workspace: Workspace) -> Iterator[None]:
    """While the server runs, a run that lost its supervisor gets a new one, what was kept long enough goes, and
    newer versions are looked for where somebody wants that."""
    ended = threading.Event()

    def watch() -> None:
        tidy_at = 0.0
        while not ended.wait(_SUPERVISION_SECONDS):
            try:
                workspace.keep_supervised()
                if workspace.clock.monotonic() >= tidy_at:
                    tidy_at = workspace.clock.monotonic() + _TIDYING_SECONDS
                    workspace.updates.look_if_wanted()
                    workspace.retention.apply()
            except Exception:  # noqa: BLE001 - a rim: one failed look must not end the loop
                LOG.exception("looking after runs and what is kept failed; trying again")

    watcher = threading.Thread(target=watch, name="supervision", daemon=True)
    watcher.start()
    try:
        yield
    finally:
        ended.set()
        watcher.join(_SUPERVISION_SECONDS)
