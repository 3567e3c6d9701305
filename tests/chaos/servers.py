"""Kills the HTTP server while a client writes: what was answered is there afterwards, and nothing is there twice."""

import os
import random
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx

_SERVER = """
import sys
import luthier
from luthier.server.serve import serve
with luthier.open(sys.argv[1]) as workspace:
    serve(workspace, "127.0.0.1", 0, open_browser=False)
"""


@dataclass
class ServerKills:
    kills: int = 0
    acknowledged: int = 0  # writes that were answered
    repeated: int = 0  # writes without an answer that were sent again under their key
    lost: int = 0
    doubled: int = 0


class ServerKiller:
    """Its client asks questions, some of which it takes back, each under an Idempotency-Key of its own."""

    def __init__(self, folder: Path, seed: int) -> None:
        self._folder = folder
        self._chance = random.Random(seed)
        self._there: dict[str, str] = {}  # question -> the chat that it began, as answered
        self._taken_back: set[str] = set()
        self._unanswered: list[str] = []
        self._asked = 0
        self.tally = ServerKills()

    def kill(self, count: int) -> ServerKills:
        for _ in range(count):
            with self._serving() as (server, client):
                self._ask_again(client)
                self._audit(client)
                ending = threading.Timer(self._chance.uniform(0.05, 0.6), server.kill)
                ending.start()
                self._write_until_it_is_gone(client)
                ending.join()
                self.tally.kills += 1
        with self._serving() as (_, client):
            self._ask_again(client)
            self._audit(client)
        return self.tally

    def _write_until_it_is_gone(self, client: httpx.Client) -> None:
        try:
            while True:
                if self._there and self._chance.random() < 0.25:
                    self._take_back(client, self._chance.choice(sorted(self._there)))
                self._asked += 1
                self._unanswered.append(f"question-{self._asked}-")
                self._ask(client, self._unanswered[-1])
                self._unanswered.pop()
        except httpx.TransportError:
            return

    def _ask(self, client: httpx.Client, question: str) -> None:
        asked = _once_let_in(
            lambda: client.post("/api/v1/chats", json={"question": question}, headers={"idempotency-key": question})
        )
        assert asked.status_code == 201, asked.text
        self._there[question] = asked.json()["chat_id"]
        self.tally.acknowledged += 1

    def _take_back(self, client: httpx.Client, question: str) -> None:
        chat_id = self._there.pop(question)  # without an answer it may be there or not
        assert _once_let_in(lambda: client.delete(f"/api/v1/chats/{chat_id}")).status_code == 204
        self._taken_back.add(question)
        self.tally.acknowledged += 1

    def _ask_again(self, client: httpx.Client) -> None:
        """What the last server did of it nobody knows: it is done once, or refused because it may have been."""
        for question in self._unanswered:
            self.tally.repeated += 1
            again = client.post("/api/v1/chats", json={"question": question}, headers={"idempotency-key": question})
            if again.status_code == 201:
                self._there[question] = again.json()["chat_id"]
            else:
                assert again.json()["code"] == "requests.unfinished", again.text
        self._unanswered.clear()

    def _audit(self, client: httpx.Client) -> None:
        titles = Counter(_titles(client))
        self.tally.lost += sum(titles[question] == 0 for question in self._there)
        self.tally.doubled += sum(number > 1 for number in titles.values())
        self.tally.doubled += sum(titles[question] for question in self._taken_back)  # that came back

    @contextmanager
    def _serving(self) -> Iterator[tuple["subprocess.Popen[str]", httpx.Client]]:
        server = subprocess.Popen(
            [sys.executable, "-u", "-c", _SERVER, str(self._folder)],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            env={**os.environ, "LUTHIER_OFFLINE": "1"},
        )
        assert server.stdout is not None
        try:
            url = next(line for line in server.stdout if "#code=" in line).split()[-1].partition("/sign-in#")[0]
            key = (self._folder / "secrets" / "api-key").read_text().strip()
            with httpx.Client(base_url=url, headers={"authorization": f"Bearer {key}"}, timeout=60) as client:
                yield server, client
        finally:
            server.kill()
            server.communicate()


def _once_let_in(send: Callable[[], httpx.Response]) -> httpx.Response:
    """The server refuses who asks too often; nothing of a refused request is done."""
    while (answer := send()).status_code == 429:
        time.sleep(0.2)
    return answer


def _titles(client: httpx.Client) -> Iterator[str]:
    cursor: str | None = None
    while True:
        page = client.get("/api/v1/chats", params={"limit": 200, **({"cursor": cursor} if cursor else {})}).json()
        yield from (chat["title"] for chat in page["items"])
        cursor = page["next"]
        if cursor is None:
            return
