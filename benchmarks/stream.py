"""Row stream: one run watched by many pages at once; how late an event reaches them, from its commit to the page.

python -m benchmarks.stream --pages 500 --rate 10 --seconds 20
"""

import argparse
import asyncio
import json
import re
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from urllib.parse import urlsplit

import psutil

from benchmarks.run import RESULTS, cpu_name, require_a_quiet_machine
from luthier.kit.clock import SystemClock
from luthier.server.auth import cookie_name
from luthier.server.streaming import MOST_PER_SESSION
from luthier.services.folders import Folders
from luthier.services.sessions import Sessions
from luthier.store import Store, open_store

TARGET_MS = 100.0
_SENT = re.compile(rb'"sent":([\d.]+)')


class Page(asyncio.Protocol):
    """A browser's end of one stream: notes how old each event is when it arrives."""

    def __init__(self, request: bytes, delays: list[float]) -> None:
        self._request = request
        self._delays = delays
        self._rest = b""
        self.is_open = asyncio.get_running_loop().create_future()
        self.events = 0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        transport.write(self._request)

    def data_received(self, data: bytes) -> None:
        now = time.time()
        if not self.is_open.done() and b"retry" in data:
            self.is_open.set_result(None)
        *frames, self._rest = (self._rest + data).split(b"\n\n")
        for frame in frames:
            sent = _SENT.search(frame)
            if sent is not None:
                self.events += 1
                self._delays.append(now - float(sent[1]))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pages", type=int, default=500)
    parser.add_argument("--rate", type=float, default=10.0, help="events a second")
    parser.add_argument("--seconds", type=float, default=20.0)
    parser.add_argument("--smoke", action="store_true", help="on any machine, not recorded")
    asked = parser.parse_args()
    if not asked.smoke:
        require_a_quiet_machine()
    with TemporaryDirectory(prefix="luthier-bench-") as folder, serving(Path(folder)) as (url, server):
        outcome = measure(Path(folder), url, server, asked.pages, asked.rate, asked.seconds)
    print(json.dumps(outcome))
    if not asked.smoke:
        with open(RESULTS, "a", encoding="utf-8") as results:
            results.write(json.dumps(outcome) + "\n")


@contextmanager
def serving(folder: Path) -> Iterator[tuple[str, psutil.Process]]:
    command = [sys.executable, "-m", "luthier", "--workspace", str(folder), "serve", "--no-open", "--port", "0"]
    server = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    assert server.stdout is not None
    try:
        line = server.stdout.readline()
        yield line.split()[-1], psutil.Process(server.pid)
    finally:
        server.terminate()
        server.wait()


def measure(
    folder: Path, url: str, server: psutil.Process, pages: int, rate: float, seconds: float
) -> dict[str, object]:
    store, folders = open_store(folder / "luthier.db"), Folders(folder)
    sessions = Sessions(store, folders, SystemClock())
    cookies = [sign_in(sessions, url) for _ in range(-(-pages // MOST_PER_SESSION))]
    try:
        delays, counts, cpu = asyncio.run(watched(store, url, cookies, pages, rate, seconds, server))
    finally:
        store.close()
    events = round(rate * seconds)
    cuts = statistics.quantiles(delays, n=1000)
    return {
        "row": "stream",
        "unit": "ms, 99th percentile",
        "target": TARGET_MS,
        "ours": round(1000 * cuts[989], 1),
        "median_ms": round(1000 * statistics.median(delays), 1),
        "most_ms": round(1000 * max(delays), 1),
        "pages": pages,
        "events": events,
        "lost_or_doubled": sum(count != events for count in counts),
        "server_cpu_share": round(cpu / seconds, 3),
        "server_peak_bytes": server.memory_info().rss,
        "machine": {"cpu": cpu_name(), "cores": psutil.cpu_count()},
        "at": datetime.now(UTC).isoformat(timespec="seconds"),
    }


def sign_in(sessions: Sessions, url: str) -> str:
    """A session of its own, as another person's browser has one."""
    return f"{cookie_name(urlsplit(url).port or 80)}={sessions.sign_in(sessions.new_code()).token}"


async def watched(
    store: Store, url: str, cookies: list[str], pages: int, rate: float, seconds: float, server: psutil.Process
) -> tuple[list[float], list[int], float]:
    place, delays = urlsplit(url), list[float]()
    loop = asyncio.get_running_loop()
    opened = []
    for number in range(pages):
        request = (
            f"GET /api/v1/events HTTP/1.1\r\nHost: {place.netloc}\r\nCookie: {cookies[number % len(cookies)]}\r\n"
            "Accept: text/event-stream\r\n\r\n"
        )
        connect = partial(Page, request.encode(), delays)
        _, page = await loop.create_connection(connect, place.hostname or "", place.port or 80)
        opened.append(page)
    await asyncio.wait_for(asyncio.gather(*(page.is_open for page in opened)), 60)
    before = sum(server.cpu_times()[:2])
    began, events = loop.time(), round(rate * seconds)
    for number in range(events):
        await asyncio.sleep(max(0.0, began + number / rate - loop.time()))
        await asyncio.to_thread(happen, store)
    await asyncio.sleep(1)
    return delays, [page.events for page in opened], sum(server.cpu_times()[:2]) - before


def happen(store: Store) -> None:
    with store.writing() as tx:
        body = {"step": 1, "loss": 1.234567, "sent": time.time()}
        tx.events.append("run.step", None, "worker", body, datetime.now(UTC))


if __name__ == "__main__":
    main()
