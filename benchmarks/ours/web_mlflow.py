"""The peer of web: the first page of MLflow's own server, over an empty store, in the same browser."""

import os
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from socket import socket

from benchmarks.browsing import first_page
from benchmarks.peers.measures import write_measure
from tests.server.web.visiting import launched

_PATIENCE_SECONDS = 120


def main(chromium: str, python: str, result: Path) -> None:
    with _serving(python, result.parent) as url, launched(chromium) as browser:
        first = first_page(browser, url)
        with urllib.request.urlopen(f"{url}version", timeout=5) as said:
            versions = {"mlflow": said.read().decode()}
    details = {"received_bytes": float(first.received_bytes), "requests": float(first.requests)}
    write_measure(result, 1, first.interactive_seconds, [1.0], (), details, versions)


@contextmanager
def _serving(python: str, place: Path) -> Iterator[str]:
    with socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    store = place / f"mlflow-{time.time_ns()}"
    store.mkdir()
    where = ["--backend-store-uri", f"sqlite:///{store / 'mlflow.db'}", "--artifacts-destination", str(store)]
    asked = [python, "-m", "mlflow", "server", "--host", "127.0.0.1", "--port", str(port), "--workers", "1", *where]
    with open(store / "log.txt", "wb") as log:
        server = subprocess.Popen(asked, stdout=log, stderr=log, cwd=store, start_new_session=True)
    try:
        url = f"http://127.0.0.1:{port}/"
        _wait_for(url, server)
        yield url
    finally:
        os.killpg(server.pid, 15)
        server.wait()


def _wait_for(url: str, server: "subprocess.Popen[bytes]") -> None:
    deadline = time.monotonic() + _PATIENCE_SECONDS
    while True:
        try:
            urllib.request.urlopen(url, timeout=5).close()
            return
        except (urllib.error.URLError, ConnectionError, TimeoutError):
            if server.poll() is not None or time.monotonic() > deadline:
                raise
            time.sleep(0.3)


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], Path(sys.argv[3]))
