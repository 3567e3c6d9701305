"""Whatever people ask and whatever dies: no illegal state, no phantom "running", no lost fact, no second owner."""

import shutil
import tempfile
from datetime import timedelta
from pathlib import Path
from typing import cast

import hypothesis.strategies as st
from hypothesis import Phase, settings
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from luthier.domain.queues import Priority
from luthier.domain.run_states import ACTIVE, HAND_MOVES, TRANSITIONS, MoveNotAllowed, RunMove, RunState
from luthier.domain.runs import NothingToGoOnFrom, Run, WorkerStillEnding
from luthier.services.folders import Folders
from luthier.services.plans import Plans
from luthier.services.reindexing import Rebuilding
from luthier.services.run_history import History
from luthier.services.run_moves import move_run
from luthier.services.runs import Runs
from luthier.store import open_store
from tests.builders import a_dataset, a_run
from tests.orchestration.simulated import Host, SimulatedClock, SimulatedWorker
from tests.services.documents import documents

MOST_SECONDS_WITHOUT_OWNER = 30
IN_MEMORY = Path("/dev/shm")  # durability is proved elsewhere, and thousands of transactions are slow on a disk
NUMBERS = st.integers(0, 1000)


class Supervision(RuleBasedStateMachine):
    """Two hosts share one workspace and its database; each has a supervisor, and workers that only it can see."""

    @initialize(runs_at_once=st.integers(1, 2))
    def open(self, runs_at_once: int) -> None:
        self.root = Path(tempfile.mkdtemp(prefix="luthier-laws-", dir=IN_MEMORY if IN_MEMORY.is_dir() else None))
        self.folders, self.clock = Folders(self.root), SimulatedClock()
        self.store = open_store(self.root / "luthier.db", recorder=History(self.folders, self.clock))
        self.hosts = [Host(name, self.store, self.folders, self.clock, runs_at_once) for name in ("one", "two")]
        unplanned = cast(Plans, None)
        self.runs = Runs(self.store, self.folders, unplanned, self.clock, wake=lambda: None)
        self.hung: Host | None = None
        self.hung_at = float("-inf")  # when a supervisor last froze or thawed
        self.names: list[str] = []
        self.tokens: dict[str, int] = {}
        self.steps: dict[str, dict[int, float]] = {}  # run -> step -> token of the attempt that took it
        self.alone_since: dict[str, float] = {}
        with self.store.writing() as tx:
            tx.datasets.add(a_dataset(dataset_id="ds_1"))

    def teardown(self) -> None:
        if hasattr(self, "store"):
            self.store.close()
            self._the_folders_say_all_that_the_database_says()
            shutil.rmtree(self.root, ignore_errors=True)

    @precondition(lambda self: len(self.names) < 4)
    @rule(priority=st.sampled_from(Priority))
    def submit(self, priority: Priority) -> None:
        run = a_run(name=f"run-{len(self.names)}", state=RunState.CREATED, dataset_id="ds_1", priority=priority)
        data = self.folders.run(run.run_id).train_file
        data.parent.mkdir(parents=True)
        data.write_text("{}\n")
        with self.store.writing() as tx:
            tx.runs.add(run)
            move_run(tx, run, RunMove.SUBMIT, author="user", cause="submitted", at=self.clock.now())
        self.names.append(run.run_id)
        self.wait(1)

    @precondition(lambda self: self.names)
    @rule(number=NUMBERS, move=st.sampled_from(HAND_MOVES))
    def ask(self, number: int, move: RunMove) -> None:
        run = self.runs.get(self.names[number % len(self.names)])
        legal = (run.state, move) in TRANSITIONS
        try:
            asked = getattr(self.runs, move.value)(run.run_id)
        except MoveNotAllowed:
            assert not legal
        except NothingToGoOnFrom:
            assert move is RunMove.RESUME and not run.can_go_on
        except WorkerStillEnding:
            assert move is RunMove.RETRY and legal
        else:
            assert asked.state is TRANSITIONS[run.state, move]
            if move is RunMove.RETRY:
                self.steps.pop(run.run_id, None)

    @rule(number=NUMBERS, pieces=st.integers(1, 4))
    def work(self, number: int, pieces: int) -> None:
        if worker := self._one_of([worker for worker in self._workers() if worker.acts], number):
            for _ in range(pieces):
                if worker.alive:
                    worker.work()
            self.wait(1)

    @rule(number=NUMBERS)
    def finish(self, number: int) -> None:
        if worker := self._one_of([worker for worker in self._workers() if worker.acts], number):
            worker.finish()
            self.wait(1)

    @rule(number=NUMBERS)
    def kill_a_worker(self, number: int) -> None:
        if worker := self._one_of([worker for worker in self._workers() if worker.alive], number):
            worker.end()

    @rule(number=NUMBERS)
    def freeze_or_thaw(self, number: int) -> None:
        if worker := self._one_of([worker for worker in self._workers() if worker.alive], number):
            worker.frozen = not worker.frozen

    @rule(number=st.integers(0, 1))
    def kill_a_supervisor(self, number: int) -> None:
        self.hosts[number].restart()

    @rule()
    def freeze_or_thaw_a_supervisor(self) -> None:
        """The other one takes its runs over, and it comes back believing that they are still its own."""
        self.hung = None if self.hung else self.hosts[0]
        self.hung_at = self.clock.elapsed

    @rule(years=st.integers(-10, 10))
    def set_the_clock(self, years: int) -> None:
        self.clock.jump = timedelta(days=365 * years)

    @rule(seconds=st.sampled_from((1, 1, 1, 5, 40)))
    def wait(self, seconds: int) -> None:
        for _ in range(seconds):
            self.clock.elapsed += 1
            for worker in self._workers():
                if worker.acts:
                    worker.beat()
                    worker.obey()
            for host in self.hosts:
                if host is not self.hung:
                    host.supervisor.tick()
            self._watch_owners()

    def _watch_owners(self) -> None:
        for run in self._all_runs():
            acting = {(worker.run_id, worker.token) for worker in self._workers() if worker.acts}
            owned = (run.run_id, run.token) in acting
            if run.state is not RunState.RUNNING or owned:
                self.alone_since.pop(run.run_id, None)
                continue
            since = self.alone_since.setdefault(run.run_id, self.clock.elapsed)
            double_fault = self.hung is not None or self.hung_at >= since
            most = MOST_SECONDS_WITHOUT_OWNER * (2 if double_fault else 1)
            assert self.clock.elapsed - since <= most, f"{run.name} has no owner"

    @invariant()
    def only_the_table_moves_a_run(self) -> None:
        for run_id in getattr(self, "names", []):
            state = RunState.CREATED
            for event in self.runs.events_after(0, run_id, limit=100_000):
                if event.kind == "run.state":
                    assert TRANSITIONS[state, RunMove(event.body["move"])] == event.body["state"]
                    assert event.author and event.body["cause"]
                    state = RunState(event.body["state"])
            assert self.runs.get(run_id).state is state

    @invariant()
    def tokens_only_grow_and_each_attempt_has_its_own(self) -> None:
        for run in self._all_runs():
            assert run.token == run.attempt >= self.tokens.get(run.run_id, 0)
            self.tokens[run.run_id] = run.token

    @invariant()
    def a_run_at_work_has_exactly_one_lease(self) -> None:
        if not hasattr(self, "store"):
            return
        with self.store.reading() as tx:
            leases = {lease.run_id: lease for lease in tx.leases.list()}
        for run in self._all_runs():
            if run.state in ACTIVE:
                assert leases[run.run_id].token == run.token

    @invariant()
    def no_step_is_lost_and_none_comes_from_an_older_attempt(self) -> None:
        for run_id in getattr(self, "names", []):
            now = {point.step: point.value for point in self.runs.metrics(run_id, names=("loss",))}
            before = self.steps.get(run_id, {})
            assert before.keys() <= now.keys()
            assert all(now[step] >= token for step, token in before.items())
            self.steps[run_id] = now

    @invariant()
    def a_paused_run_that_was_trained_can_go_on_from_a_whole_checkpoint(self) -> None:
        for run in self._all_runs():
            if run.state is RunState.PAUSED and run.step:
                assert list(self.folders.run(run.run_id).checkpoints.glob("step-*")) or run.losses_of_worker

    def _the_folders_say_all_that_the_database_says(self) -> None:
        """And at the end, perhaps, what no supervisor has read yet."""
        database, again = self.root / "luthier.db", self.root / "again.db"
        Rebuilding(self.folders, self.clock).into(again, lambda _: None)
        before, after = documents(database), documents(again)
        assert [run.run_id for run in before["runs"]] == [run.run_id for run in after["runs"]]
        for run_id in self.names:
            events = before["events"][run_id]
            assert after["events"][run_id][: len(events)] == events
            assert set(before["metrics"][run_id]) <= set(after["metrics"][run_id])

    def _workers(self) -> list[SimulatedWorker]:
        return [worker for host in self.hosts for worker in host.workers]

    def _all_runs(self) -> list[Run]:
        return [self.runs.get(run_id) for run_id in getattr(self, "names", [])]

    def _one_of(self, workers: list[SimulatedWorker], number: int) -> SimulatedWorker | None:
        return workers[number % len(workers)] if workers else None


def test_supervision_keeps_its_laws() -> None:
    run_state_machine_as_test(
        Supervision,
        settings=settings(
            max_examples=12, stateful_step_count=25, phases=(Phase.generate,), deadline=None, derandomize=True
        ),
    )
