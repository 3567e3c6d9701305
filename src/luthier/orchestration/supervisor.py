"""The supervisor: claims runs, starts and watches their workers, and notices the dead and the frozen."""

import logging
import subprocess
from dataclasses import dataclass, field

from luthier.domain.jobs import Finished, fact_from
from luthier.domain.run_states import RunState
from luthier.domain.runs import Attempt, ResultUnreadable, Run, WorkerFrozen, WorkerLost, WorkerNotStarted
from luthier.health.liveness import Liveness, Vital
from luthier.kit.clock import Clock
from luthier.kit.journal import DamagedJournal, Record, read_journal
from luthier.kit.processes import ProcessIdentity, end_tree, identity_of, is_alive
from luthier.orchestration.launch import start_worker
from luthier.services.attempts import Assignment, Attempts
from luthier.services.folders import AttemptFolder, Folders
from luthier.services.run_facts import FactFolder
from luthier.settings import Settings

log = logging.getLogger(__name__)

TICK_SECONDS = 0.2
LAST_WORDS = frozenset({"parked", "failed", "cancelled", "finished"})


@dataclass
class Watch:
    """One worker under our eyes."""

    run_id: str
    token: int
    folder: AttemptFolder
    facts: FactFolder
    liveness: Liveness
    process: ProcessIdentity | None
    child: "subprocess.Popen[bytes] | None" = None  # None for a worker that an earlier supervisor started
    offset: int = 0
    last_word: Record | None = None
    last_word_at: float | None = None
    told: dict[str, float] = field(default_factory=dict)  # wish -> when, monotonic

    def is_alive(self) -> bool:
        if self.child is not None:
            return self.child.poll() is None
        return self.process is not None and is_alive(self.process)


class Supervisor:
    """One run at a time; the others wait in the queue in the order in which they came."""

    def __init__(self, attempts: Attempts, folders: Folders, settings: Settings, clock: Clock) -> None:
        self._attempts = attempts
        self._folders = folders
        self._settings = settings
        self._clock = clock
        self._watches: dict[str, Watch] = {}
        self.ended = False

    def end(self) -> None:
        """Leaves the loop; workers go on, and the next supervisor picks them up."""
        self.ended = True

    def has_work(self) -> bool:
        return self._attempts.anything_queued() or bool(self._attempts.owned())

    def work(self) -> None:
        """Until there has been nothing to do for a while."""
        self._adopt()
        idle_since = self._clock.monotonic()
        while not self.ended:
            self._tick_whatever_happens()
            if self._watches:
                idle_since = self._clock.monotonic()
            elif self._clock.monotonic() - idle_since > self._settings.supervisor_idle_seconds:
                return
            self._clock.sleep(TICK_SECONDS)

    def _tick_whatever_happens(self) -> None:
        """The loop's rim: a database that is busy, or one run's defect, must not leave the other runs alone."""
        try:
            self.tick()
        except Exception:
            log.exception("one look at the runs failed; trying again")

    def tick(self) -> None:
        if not self._watches:
            self._start_next()
        for watch in list(self._watches.values()):
            self._look_after(watch)

    def _adopt(self) -> None:
        """Workers that an earlier supervisor started go on under this one, from where it had read."""
        for run in self._attempts.owned():
            attempt = self._attempts.attempt_of(run)
            if attempt is not None and run.run_id not in self._watches:
                log.info("adopting %s, attempt %d", run.run_id, attempt.number)
                watch = self._watches[run.run_id] = self._watch(run, attempt)
                self._remember(watch)

    def _remember(self, watch: Watch) -> None:
        """What the journal said before we came: its last word, and a process that nobody had time to note."""
        try:
            records = read_journal(watch.folder.journal).records
        except DamagedJournal as damage:
            log.error("%s: %s", watch.run_id, damage)
            return
        for record in records:
            self._hear(watch, record)

    def _hear(self, watch: Watch, record: Record) -> None:
        work = record.body["busy"] if record.kind == "heartbeat" else None
        watch.liveness.heard(Vital(work), self._clock.monotonic())
        if record.kind == "started" and watch.process is None:
            watch.process = identity_of(record.body["pid"])
        if record.kind in LAST_WORDS:
            watch.last_word, watch.last_word_at = record, self._clock.monotonic()

    def _watch(self, run: Run, attempt: Attempt) -> Watch:
        folder = self._folders.run(run.run_id)
        process = None
        if attempt.pid is not None and attempt.process_started_at is not None:
            process = ProcessIdentity(pid=attempt.pid, started_at=attempt.process_started_at)
        return Watch(
            run_id=run.run_id,
            token=attempt.token,
            folder=folder.attempt(attempt.number),
            facts=FactFolder(folder.root),
            liveness=Liveness(self._settings.worker_silence_seconds, self._clock.monotonic()),
            process=process,
            offset=attempt.journal_offset,
        )

    def _start_next(self) -> None:
        assignment = self._attempts.claim_next()
        if assignment is None:
            return
        try:
            self._attempts.write_job(assignment)
            self._start(assignment)
        except OSError as error:
            reason = error.strerror or type(error).__name__
            refusal = WorkerNotStarted(reason=reason.lower(), run=assignment.run.name, details=repr(error))
            self._attempts.fail(assignment.run.run_id, assignment.run.token, refusal)

    def _start(self, assignment: Assignment) -> None:
        watch = self._watch(assignment.run, assignment.attempt)
        watch.child = start_worker(assignment, str(self._folders.run(watch.run_id).root))
        watch.process = identity_of(watch.child.pid)
        self._watches[watch.run_id] = watch
        if watch.process is not None:
            self._attempts.started(assignment, watch.process)
        log.info("started worker %d for %s, attempt %d", watch.child.pid, watch.run_id, assignment.attempt.number)

    def _look_after(self, watch: Watch) -> None:
        alive = watch.is_alive()  # before reading, so that nothing written before the end is missed
        try:
            run = self._take_in(watch)
        except DamagedJournal as damage:
            log.error("%s: %s", watch.run_id, damage)
            self._let_go(watch, WorkerLost(times=1, where="leaving a damaged journal", run=watch.run_id))
            return
        if run is None:
            self._abandon(watch)
        elif watch.last_word is not None:
            self._close(watch, run, alive)
        elif not alive:
            where = f"in step {run.step}" if run.step else f"while {run.phase or 'starting'}"
            self._let_go(watch, WorkerLost(times=run.losses_of_worker + 1, where=where, run=run.name))
        elif watch.liveness.is_frozen(self._clock.monotonic()):
            silence = round(self._settings.worker_silence_seconds)
            self._let_go(watch, WorkerFrozen(seconds=silence, run=run.name))
        else:
            self._pass_on_wishes(watch, run)

    def _take_in(self, watch: Watch) -> Run | None:
        tail = read_journal(watch.folder.journal, watch.offset)
        for record in tail.records:
            self._hear(watch, record)
        if not tail.records:
            return self._attempts.current(watch.run_id, watch.token)
        run = self._attempts.take_in(watch.run_id, watch.token, tail.records, tail.offset, watch.facts)
        watch.offset = tail.offset
        return run

    def _pass_on_wishes(self, watch: Watch, run: Run) -> None:
        wish = {RunState.PAUSING: "stop", RunState.CANCELLED: "cancel"}.get(run.state)
        if wish is not None and wish not in watch.told:
            self._attempts.send(run, wish)
            watch.told[wish] = self._clock.monotonic()
        elif wish == "cancel" and self._waited_long_since(watch.told[wish]):
            self._end_process(watch)

    def _close(self, watch: Watch, run: Run, alive: bool) -> None:
        """The worker has said its last word; its process has a moment to end by itself."""
        record, said_at = watch.last_word, watch.last_word_at
        assert record is not None
        assert said_at is not None
        if alive and not self._waited_long_since(said_at):
            return
        self._end_process(watch)
        if record.kind == "finished" and run.state is RunState.COMPLETING:
            finished = fact_from(record.kind, record.body)
            if isinstance(finished, Finished):
                self._complete(run, finished)
        self._attempts.close(watch.run_id, watch.token)
        del self._watches[watch.run_id]

    def _complete(self, run: Run, finished: Finished) -> None:
        try:
            self._attempts.complete(run, finished)
        except ResultUnreadable as refusal:
            self._attempts.fail(run.run_id, run.token, refusal)

    def _let_go(self, watch: Watch, error: WorkerLost | WorkerFrozen) -> None:
        log.warning("%s: %s", watch.run_id, error)
        self._end_process(watch)
        self._attempts.lose(watch.run_id, watch.token, error)
        del self._watches[watch.run_id]

    def _abandon(self, watch: Watch) -> None:
        """A newer attempt has the run; this worker must not live on."""
        self._end_process(watch)
        del self._watches[watch.run_id]

    def _waited_long_since(self, since: float) -> bool:
        return self._clock.monotonic() - since > self._settings.worker_grace_seconds

    def _end_process(self, watch: Watch) -> None:
        if watch.process is not None:
            end_tree(watch.process, grace_seconds=2.0)
        if watch.child is not None:
            watch.child.wait()
