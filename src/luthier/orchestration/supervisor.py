"""The supervisor: claims runs, starts and watches their workers, and notices the dead and the frozen."""

import logging

from luthier.domain.jobs import Finished, fact_from
from luthier.domain.run_states import ACTIVE, RunState
from luthier.domain.runs import (
    Attempt,
    ResultUnreadable,
    Run,
    WorkerFrozen,
    WorkerLost,
    WorkerNotStarted,
    WorkerOutOfMemory,
)
from luthier.health.facts import supervision
from luthier.health.liveness import Liveness
from luthier.kit.clock import Clock
from luthier.kit.journal import DamagedJournal, read_journal
from luthier.kit.processes import ProcessIdentity
from luthier.kit.units import show_bytes
from luthier.orchestration.neighbours import Neighbours
from luthier.orchestration.watch import Watch
from luthier.orchestration.workers import Worker, Workers
from luthier.services.attempts import Assignment, Attempts
from luthier.services.folders import Folders
from luthier.services.run_facts import FactFolder
from luthier.settings import Settings

log = logging.getLogger(__name__)

TICK_SECONDS = 0.2


class Supervisor:
    """Starts as many runs as the queue lets in, and looks after each until its last word."""

    def __init__(
        self, attempts: Attempts, folders: Folders, settings: Settings, clock: Clock, workers: Workers
    ) -> None:
        self._attempts = attempts
        self._folders = folders
        self._settings = settings
        self._clock = clock
        self._workers = workers
        self._limits = supervision()
        self._neighbours = Neighbours(self._limits.lease.expire_seconds)
        self._watches: dict[str, Watch] = {}
        self._pauses: dict[str, float] = {}  # run -> until when it waits before its next attempt, monotonic
        self._next_beat = self._next_look = clock.monotonic()
        self.ended = False

    def end(self) -> None:
        """Leaves the loop; workers go on, and the next supervisor picks them up."""
        self.ended = True

    def has_work(self) -> bool:
        """Nothing is left to do in a workspace that somebody has removed."""
        return self._folders.root.is_dir() and self._attempts.anything_to_do()

    def work(self) -> None:
        """Until there has been nothing to do for a while. Only the one supervisor of a workspace's folder may call it:
        whoever held leases from this folder before is gone.
        """
        self.adopt()
        idle_since = self._clock.monotonic()
        while not self.ended and self._folders.root.is_dir():
            self._tick_whatever_happens()
            if self._watches or self._pauses:
                idle_since = self._clock.monotonic()
            elif self._clock.monotonic() - idle_since > self._settings.supervisor_idle_seconds:
                if not self.has_work():
                    return
                idle_since = self._clock.monotonic()
            self._clock.sleep(TICK_SECONDS)

    def _tick_whatever_happens(self) -> None:
        """The loop's rim: a database that is busy, or one run's defect, must not leave the other runs alone."""
        try:
            self.tick()
        except Exception:
            log.exception("one look at the runs failed; trying again")

    def tick(self) -> None:
        now = self._clock.monotonic()
        if now >= self._next_beat:
            self._beat(now)
        if now >= self._next_look:
            self._start_next(now)
        for watch in list(self._watches.values()):
            self._look_after(watch)

    def adopt(self) -> None:
        """Workers that an earlier supervisor of this folder started go on under this one."""
        place = self._attempts.holder.rpartition("/")[0]
        for lease in self._attempts.beat():
            if lease.holder.rpartition("/")[0] == place:
                self._take_over(self._attempts.take_over(lease))

    def _beat(self, now: float) -> None:
        """Leases first: what follows may take long."""
        self._next_beat = now + self._limits.lease.renew_seconds
        for lease in self._neighbours.expired(self._attempts.beat(), now):
            log.warning("taking over from %s, which does not beat", lease.holder, extra={"run_id": lease.run_id})
            self._take_over(self._attempts.take_over(lease))

    def _take_over(self, run: Run | None) -> None:
        attempt = self._attempts.attempt_of(run) if run is not None else None
        if run is None or attempt is None or run.run_id in self._watches:
            return
        log.info("adopted", extra={"run_id": run.run_id, "attempt": attempt.number})
        process = None
        if attempt.pid is not None and attempt.process_started_at is not None:
            process = ProcessIdentity(pid=attempt.pid, started_at=attempt.process_started_at)
        watch = self._watches[run.run_id] = self._watch(run, attempt, self._workers.find(process))
        self._remember(watch)

    def _remember(self, watch: Watch) -> None:
        """What the journal said before we came: its last word, and a process that nobody had time to note."""
        try:
            records = read_journal(watch.folder.journal).records
        except DamagedJournal as damage:
            log.error("%s", damage, extra={"run_id": watch.run_id})
            return
        for record in records:
            watch.hear(record, self._clock.monotonic(), self._workers)

    def _watch(self, run: Run, attempt: Attempt, worker: Worker) -> Watch:
        folder = self._folders.run(run.run_id)
        return Watch(
            run_id=run.run_id,
            token=attempt.token,
            folder=folder.attempt(attempt.number),
            facts=FactFolder(folder.root),
            liveness=Liveness(self._limits.watchdog, self._settings.worker_silence_seconds, self._clock.monotonic()),
            worker=worker,
            is_noted=attempt.pid is not None,
            offset=attempt.journal_offset,
        )

    def _start_next(self, now: float) -> None:
        self._pauses = {run_id: until for run_id, until in self._pauses.items() if until > now}
        assignment = self._attempts.claim_next({*self._pauses, *self._watches})
        if assignment is None:
            self._next_look = now + self._limits.queue.look_seconds
            return
        try:
            self._attempts.write_job(assignment)
            self._start(assignment)
        except OSError as error:
            reason = error.strerror or type(error).__name__
            refusal = WorkerNotStarted(reason=reason.lower(), run=assignment.run.name, details=repr(error))
            self._attempts.fail(assignment.run.run_id, assignment.run.token, refusal)

    def _start(self, assignment: Assignment) -> None:
        run = assignment.run
        worker = self._workers.start(assignment, str(self._folders.run(run.run_id).root))
        watch = self._watches[run.run_id] = self._watch(run, assignment.attempt, worker)
        self._note_process(watch)

    def _note_process(self, watch: Watch) -> None:
        """A worker that is to be forked has its process only when its turn has come."""
        process = watch.worker.process
        if process is None or watch.is_noted:
            return
        watch.is_noted = True
        self._attempts.started(watch.run_id, watch.token, process)
        log.info("started worker %d", process.pid, extra={"run_id": watch.run_id, "attempt": watch.token})

    def _look_after(self, watch: Watch) -> None:
        self._note_process(watch)
        alive = watch.worker.is_alive()  # before reading, so that nothing written before the end is missed
        try:
            run = self._take_in(watch)
        except DamagedJournal as damage:
            log.error("%s", damage, extra={"run_id": watch.run_id})
            self._let_go(watch, WorkerLost(where="leaving a damaged journal", again="", run=watch.run_id))
            return
        silence = watch.liveness.frozen_seconds(self._clock.monotonic())
        if run is None:
            self._abandon(watch)
        elif watch.last_word is not None:
            self._close(watch, run, alive)
        elif not alive:
            self._let_go(watch, _loss_of(run, watch.worker))
        elif silence is not None:
            self._let_go(watch, WorkerFrozen(seconds=round(silence), phase=watch.liveness.phase, run=run.name))
        else:
            self._pass_on_wishes(watch, run)

    def _take_in(self, watch: Watch) -> Run | None:
        tail = read_journal(watch.folder.journal, watch.offset)
        for record in tail.records:
            watch.hear(record, self._clock.monotonic(), self._workers)
        if not tail.records:
            return self._attempts.current(watch.run_id, watch.token)
        run = self._attempts.take_in(watch.run_id, watch.token, tail.records, tail.offset, watch.facts)
        watch.offset = tail.offset
        return run

    def _pass_on_wishes(self, watch: Watch, run: Run) -> None:
        wish = {RunState.PAUSING: "stop"}.get(run.state) if run.state in ACTIVE else "cancel"
        if wish is not None and wish not in watch.told:
            self._attempts.send(run, wish)
            watch.told[wish] = self._clock.monotonic()
        elif wish == "cancel" and self._waited_long_since(watch.told[wish], self._limits.cancel.grace_seconds):
            watch.worker.end()

    def _close(self, watch: Watch, run: Run, alive: bool) -> None:
        """The worker has said its last word; its process has a moment to end by itself."""
        record, said_at = watch.last_word, watch.last_word_at
        assert record is not None
        assert said_at is not None
        if alive and not self._waited_long_since(said_at, self._settings.worker_grace_seconds):
            return
        watch.worker.end()
        if record.kind == "finished" and run.state is RunState.COMPLETING:
            finished = fact_from(record.kind, record.body)
            if isinstance(finished, Finished):
                self._complete(run, finished)
        current = self._attempts.current(watch.run_id, watch.token)
        if current is not None and current.state in ACTIVE:  # its last word does not fit what it was doing
            self._let_go(watch, _loss_of(current, watch.worker))
            return
        self._attempts.close(watch.run_id, watch.token)
        self._forget(watch)

    def _complete(self, run: Run, finished: Finished) -> None:
        try:
            self._attempts.complete(run, finished)
        except ResultUnreadable as refusal:
            self._attempts.fail(run.run_id, run.token, refusal)

    def _let_go(self, watch: Watch, error: WorkerLost | WorkerFrozen | WorkerOutOfMemory) -> None:
        log.warning("%s", error, extra={"run_id": watch.run_id, "attempt": watch.token, "code": error.problem.code})
        watch.worker.end()
        run = self._attempts.lose(watch.run_id, watch.token, error)
        if run is not None and run.state is RunState.QUEUED:
            self._pauses[run.run_id] = self._clock.monotonic() + run.retry_seconds
        self._forget(watch)

    def _abandon(self, watch: Watch) -> None:
        """Somebody else acts for the run now; this worker must not live on beside the other."""
        if self._attempts.is_superseded(watch.run_id, watch.token):
            watch.worker.end()
        self._forget(watch)

    def _forget(self, watch: Watch) -> None:
        del self._watches[watch.run_id]
        self._next_look = self._clock.monotonic()

    def _waited_long_since(self, since: float, seconds: float) -> bool:
        return self._clock.monotonic() - since > seconds


def _loss_of(run: Run, worker: Worker) -> WorkerLost | WorkerOutOfMemory:
    if worker.was_out_of_memory():
        half = max(64, run.plan.settings.micro_batch_tokens // 2)
        return WorkerOutOfMemory(used=show_bytes(run.peak_rss_bytes or 0), half=half, run=run.name)
    where = f"in step {run.step}" if run.step else f"while {run.phase or 'starting'}"
    times = run.losses_of_worker + 1
    again = f", {times} times in a row" if times > 1 else ""
    return WorkerLost(where=where, again=again, run=run.name)
