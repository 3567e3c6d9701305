"""A real HTTP server on this machine that misbehaves on request, for everything that speaks HTTP."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class Exchange(BaseHTTPRequestHandler):
    """One request, handed to the server's script together with how to answer it."""

    protocol_version = "HTTP/1.1"
    server: "Loopback"

    def do_GET(self) -> None:
        self.server.seen.append((self.path, dict(self.headers)))
        self.server.script(self)

    def do_POST(self) -> None:
        self.do_GET()

    def answer(self, status: int, body: bytes = b"", *, announce: int | None = None, **headers: str) -> None:
        """`announce` is a Content-Length that need not be true; underscores in header names become hyphens."""
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.send_header("Content-Length", str(len(body) if announce is None else announce))
        self.end_headers()
        self.wfile.write(body)
        if announce is not None and announce != len(body):
            self.close_connection = True

    def serve_bytes(self, content: bytes) -> None:
        """A whole file, or the part that a Range header asks for."""
        wanted = self.headers.get("Range", "")
        if not wanted.startswith("bytes="):
            self.answer(200, content)
            return
        start, _, last = wanted.removeprefix("bytes=").partition("-")
        part = content[int(start) : int(last) + 1 if last else None]
        end = int(start) + len(part) - 1
        self.answer(206, part, Content_Range=f"bytes {start}-{end}/{len(content)}")

    def log_message(self, *arguments: object) -> None:
        """Silent: the tests look at `seen` instead."""


class Loopback(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, script: Callable[[Exchange], None]) -> None:
        super().__init__(("127.0.0.1", 0), Exchange)
        self.script = script
        self.seen: list[tuple[str, dict[str, str]]] = []

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"


@contextmanager
def loopback(script: Callable[[Exchange], None]) -> Iterator[Loopback]:
    server = Loopback(script)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
