"""A workspace whose supervisor, workers and clients are killed and frozen at random, and books that must balance."""

import os
import random
import signal
import subprocess
import sys
import time
from collections import Counter, defaultdict
from dataclasses import dataclass
from pathlib import Path

import orjson
import psutil

from luthier.domain.run_states import ACTIVE, TRANSITIONS, RunMove, RunState
from luthier.domain.runs import Run
from luthier.kit.files import write_json
from luthier.kit.journal import read_intact
from luthier.services.folders import Folders
from luthier.store import Store
from tests.builders import a_dataset
from tests.chaos.floor_processes import ack_file, store_of

_PATIENCE_SECONDS = 90.0
_LOOKED_AT = 8  # runs at a time


@dataclass
class FloorKills:
    kills: int = 0
    supervisors: int = 0
    workers: int = 0
    clients: int = 0
    freezes: int = 0
    acknowledged: int = 0  # moves that a client was told of, and steps that somebody saw
    lost: int = 0
    doubled: int = 0


class Floor:
    """`with Floor(folder, seed) as floor: floor.kill(60)`; then `settle` and `audit`."""

    def __init__(self, root: Path, seed: int) -> None:
        self.folders = Folders(root)
        root.mkdir(parents=True)
        write_json(self.folders.marker, {"format": 1, "id": "ws_floor"})
        self.folders.dataset("ds_1").mkdir(parents=True)
        self.store: Store = store_of(self.folders)
        with self.store.writing() as tx:
            tx.datasets.add(a_dataset(dataset_id="ds_1"))
        self.tally = FloorKills()
        self._chance = random.Random(seed)
        self._seen: dict[str, dict[int, float]] = {}
        self._frozen: list[psutil.Process] = []
        self._clients = 0

    def __enter__(self) -> "Floor":
        self._zygote = subprocess.Popen(
            [sys.executable, "-m", "tests.chaos.floor_processes", str(self.folders.root)],
            cwd=Path(__file__).parents[2],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        self._supervisor, self._client = self._start("supervisor"), self._start_client()
        return self

    def __exit__(self, *_: object) -> None:
        for process in [*psutil.Process(self._zygote.pid).children(recursive=True)]:
            process.kill()
        self._zygote.kill()
        self._zygote.communicate()
        self.store.close()

    def kill(self, count: int) -> FloorKills:
        for _ in range(count):
            time.sleep(self._chance.uniform(0, 0.1))
            self._look()
            self._kill_one()
            self._freeze_or_thaw()
        return self.tally

    def race(self, rivals: int) -> int:
        """How many of so many supervisors that start at once, when there is none, get the workspace."""
        self._end(self._supervisor)
        pids = [self._start("rival") for _ in range(rivals)]
        places = [self.folders.root / f"rival-{pid}" for pid in pids]
        deadline = time.monotonic() + _PATIENCE_SECONDS
        while not all(place.exists() and place.read_text() for place in places):
            assert time.monotonic() < deadline, "a rival says nothing"
            time.sleep(0.005)
        winners = sum(place.read_text() == "won" for place in places)
        for pid in pids:
            self._end(pid)
        self._supervisor = self._start("supervisor")
        return winners

    def settle(self) -> None:
        """Nobody is killed any more: every run comes to rest."""
        self._end(self._client)
        for process in self._frozen:
            _signal(process.pid, signal.SIGCONT)
        deadline = time.monotonic() + _PATIENCE_SECONDS
        while any(run.state in (*ACTIVE, RunState.QUEUED) for run in self._runs()) or self._any_lease():
            assert time.monotonic() < deadline, [(run.name, run.state) for run in self._runs()]
            time.sleep(0.1)
        self._look()

    def audit(self) -> FloorKills:
        """What was told against what is there."""
        with self.store.reading() as tx:
            events = tx.events.after(0, limit=10_000_000)
        authors = Counter(event.author for event in events if event.kind == "run.state")
        acks = [orjson.loads(line) for line in ack_file(self.folders).read_bytes().splitlines()]
        self.tally.acknowledged += len(acks)
        self.tally.lost += sum(authors[ack["author"]] == 0 for ack in acks)
        self.tally.doubled += sum(times - 1 for author, times in authors.items() if author.startswith("client"))
        steps: defaultdict[tuple[str, int], list[int]] = defaultdict(list)
        for event in events:
            if event.kind == "run.step" and event.run_id:
                steps[event.run_id, int(event.body["loss"])].append(event.body["step"])
        for run in self._runs():
            self._audit_run(run, steps)
        return self.tally

    def _audit_run(self, run: Run, steps: dict[tuple[str, int], list[int]]) -> None:
        """What counts of each attempt is the beginning of its journal, each fact once; all of the newest one's."""
        for number in range(1, run.attempt + 1):
            journal = self.folders.run(run.run_id).attempt(number).journal
            told = [record.body["step"] for record in read_intact(journal) if record.kind == "step"]
            counted = steps.get((run.run_id, number), [])
            self.tally.doubled += len(counted) - len(set(counted))
            self.tally.lost += counted != told[: len(counted)]
        with self.store.reading() as tx:
            states = [event for event in tx.events.after(0, run.run_id, limit=1_000_000) if event.kind == "run.state"]
        state = RunState.CREATED
        for event in states:
            state = TRANSITIONS[state, RunMove(event.body["move"])]
        assert state is run.state, f"{run.name} is {run.state}, and its history says {state}"

    def _look(self) -> None:
        """As a page does: what it shows must never go back, unless the run was asked to begin again."""
        with self.store.reading() as tx:
            known = tx.runs.list(limit=1_000)
            for run in self._chance.sample(known, min(_LOOKED_AT, len(known))):
                retried = sum(
                    event.body["move"] == "retry" for event in tx.events.after(0, run.run_id, 100_000, ("run.state",))
                )
                key = f"{run.run_id}-{retried}"
                points = {point.step: point.value for point in tx.metrics.list(run.run_id, names=("loss",))}
                before = self._seen.get(key, {})
                self.tally.lost += len(before.keys() - points.keys())
                self.tally.lost += sum(points[step] < token for step, token in before.items() if step in points)
                self.tally.acknowledged += len(points.keys() - before.keys())
                self._seen[key] = points

    def _kill_one(self) -> None:
        dice = self._chance.random()
        workers = self._workers()
        self.tally.kills += 1
        if dice < 0.4 and workers:
            _signal(self._chance.choice(workers).pid, signal.SIGKILL)
            self.tally.workers += 1
        elif dice < 0.7:
            self._end(self._client)
            self._client = self._start_client()
            self.tally.clients += 1
        else:
            self._end(self._supervisor)
            self._supervisor = self._start("supervisor")
            self.tally.supervisors += 1

    def _freeze_or_thaw(self) -> None:
        workers = self._workers()
        if workers and self._chance.random() < 0.15:
            self._frozen.append(self._chance.choice(workers))
            _signal(self._frozen[-1].pid, signal.SIGSTOP)
            self.tally.freezes += 1
        if self._frozen and self._chance.random() < 0.3:
            _signal(self._frozen.pop(0).pid, signal.SIGCONT)

    def _workers(self) -> list[psutil.Process]:
        children = psutil.Process(self._zygote.pid).children(recursive=True)
        return [child for child in children if child.pid not in (self._supervisor, self._client)]

    def _end(self, pid: int) -> None:
        _signal(pid, signal.SIGKILL)
        while psutil.pid_exists(pid):
            time.sleep(0.001)

    def _start_client(self) -> int:
        self._clients += 1
        return self._start(f"client {self._clients}")

    def _start(self, what: str) -> int:
        assert self._zygote.stdin and self._zygote.stdout
        self._zygote.stdin.write(f"{what}\n")
        self._zygote.stdin.flush()
        return int(self._zygote.stdout.readline())

    def _runs(self) -> list[Run]:
        with self.store.reading() as tx:
            return list(tx.runs.all())

    def _any_lease(self) -> bool:
        with self.store.reading() as tx:
            return bool(tx.leases.list())


def _signal(pid: int, number: int) -> None:
    try:
        os.kill(pid, number)
    except ProcessLookupError:
        pass
