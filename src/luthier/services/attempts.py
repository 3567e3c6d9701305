"""Runs as a supervisor handles them: claim one, hand it to a worker, take in its facts, finish it or let it go."""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from luthier.domain.datasets import Mapping
from luthier.domain.errors import LuthierError
from luthier.domain.evaluations import AnswerSheet
from luthier.domain.health import AnomalyKind
from luthier.domain.jobs import Command, Finished, Job
from luthier.domain.run_states import ACTIVE, TRANSITIONS, RunMove, RunState
from luthier.domain.runs import Attempt, Lease, ResultUnreadable, Run
from luthier.evaluation import score
from luthier.health.checkpoints import newest_intact
from luthier.kit.clock import Clock
from luthier.kit.files import sha256_of, write_json
from luthier.kit.journal import JournalWriter, Record, read_journal
from luthier.kit.processes import ProcessIdentity
from luthier.services.folders import AttemptFolder, Folders
from luthier.services.headlines import headline
from luthier.services.losses import after_loss, alert_of_loss, anomaly_of_loss
from luthier.services.queue import Queue
from luthier.services.registering import data_hashes, version_of_run
from luthier.services.remedies import note_restart, respond
from luthier.services.run_facts import FactFolder
from luthier.services.run_moves import move_run
from luthier.services.run_quality import training_of, write_quality
from luthier.store import Store, Transaction


@dataclass(frozen=True)
class Assignment:
    """A claimed run with the folder of its new attempt; the worker is not yet started."""

    run: Run
    attempt: Attempt
    folder: AttemptFolder


class Attempts:
    """As one supervisor, `holder`: it changes only runs whose lease is its own."""

    def __init__(self, store: Store, folders: Folders, clock: Clock, queue: Queue, holder: str) -> None:
        self._store = store
        self._folders = folders
        self._clock = clock
        self._queue = queue
        self.holder = holder

    def claim_next(self, pausing: Collection[str] = ()) -> Assignment | None:
        """Takes the run whose turn it is, under a new token; nothing that an older attempt still writes will count."""
        with self._store.writing() as tx:
            turn = self._queue.take(tx, pausing)
            if turn is None:
                return None
            run = turn.run
            now = self._clock.now()
            attempt = Attempt(number=run.attempt + 1, token=run.token + 1, started_at=now)
            claimed = {"attempt": attempt.number, "token": attempt.token, "beat_at": now, "gpu": turn.gpu}
            claimed |= {"phase": "starting", "started_at": run.started_at or now}
            run = move_run(tx, run, RunMove.CLAIM, author="supervisor", cause="its turn", at=now, **claimed)
            tx.attempts.put(run.run_id, attempt)
            tx.leases.put(Lease(run_id=run.run_id, holder=self.holder, token=attempt.token))
        return Assignment(run=run, attempt=attempt, folder=self._folders.run(run.run_id).attempt(attempt.number))

    def write_job(self, assignment: Assignment) -> None:
        """Raises OSError when the run's own folder cannot be read or written."""
        write_json(assignment.folder.job, self._job(assignment.run).model_dump(mode="json"))

    def _job(self, run: Run) -> Job:
        folder = self._folders.run(run.run_id)
        held_out = folder.held_out_file if folder.held_out_file.exists() else None
        hashes = [sha256_of(path) for path in (folder.train_file, held_out) if path]
        checkpoint = newest_intact(folder.checkpoints)
        return Job(
            run_id=run.run_id,
            attempt=run.attempt,
            token=run.token,
            method=run.plan.method,
            adapter=run.plan.adapter,
            settings=run.plan.settings,
            rewards=run.recipe.rewards,
            evaluation=run.plan.evaluation,
            total_steps=run.plan.total_steps,
            base_folder=run.base_folder,
            base_name=run.recipe.base,
            base_revision=run.base_revision,
            train_file=str(folder.train_file),
            held_out_file=str(held_out) if held_out else None,
            data_sha256="+".join(hashes),
            mapping=self._mapping(run),
            today=run.created_at,
            resume_from=str(checkpoint) if checkpoint else None,
            health=run.recipe.health,
            remedies=run.remedies,
            memory_bytes=run.plan.machine.memory_bytes,
        )

    def _mapping(self, run: Run) -> Mapping | None:
        with self._store.reading() as tx:
            dataset = tx.datasets.get(run.dataset_id)
        return dataset.report.mapping if dataset and not _confirmed(run) else None

    def started(self, run_id: str, token: int, process: ProcessIdentity) -> None:
        """Notes it, unless the run is not ours any more."""
        with self._store.writing() as tx:
            run = self._own(tx, run_id, token)
            if run is not None:
                _update_attempt(tx, run, pid=process.pid, process_started_at=process.started_at)

    def anything_to_do(self) -> bool:
        home = self._folders.workspace_id
        with self._store.reading() as tx:
            return bool(tx.runs.queued(home, 1)) or any(
                self._is_at_home(tx, lease.run_id) for lease in tx.leases.list()
            )

    def beat(self) -> list[Lease]:
        """Renews the leases of this supervisor; returns those that others hold on runs of this workspace."""
        with self._store.writing() as tx:
            tx.leases.beat(self.holder)
            others = [lease for lease in tx.leases.list() if lease.holder != self.holder]
            return [lease for lease in others if self._is_at_home(tx, lease.run_id)]

    def take_over(self, lease: Lease) -> Run | None:
        """The run, now this supervisor's; None when the lease has been renewed or has passed on meanwhile."""
        with self._store.writing() as tx:
            run = tx.runs.get(lease.run_id)
            if run is None or tx.leases.get(lease.run_id) != lease:
                return None
            tx.leases.put(lease.model_copy(update={"holder": self.holder, "beat": lease.beat + 1}))
            return run

    def _is_at_home(self, tx: Transaction, run_id: str) -> bool:
        run = tx.runs.get(run_id)
        return run is not None and run.home in (self._folders.workspace_id, "")

    def attempt_of(self, run: Run) -> Attempt | None:
        with self._store.reading() as tx:
            return tx.attempts.get(run.run_id, run.attempt)

    def current(self, run_id: str, token: int) -> Run | None:
        """The run as it is now; None when it is not this supervisor's any more."""
        with self._store.reading() as tx:
            return self._own(tx, run_id, token)

    def is_superseded(self, run_id: str, token: int) -> bool:
        """Whether a newer attempt has the run."""
        with self._store.reading() as tx:
            run = tx.runs.get(run_id)
            return run is None or run.token != token

    def take_in(self, run_id: str, token: int, records: list[Record], offset: int, facts: FactFolder) -> Run | None:
        """Stores what the journal says up to `offset`, or returns None when the run is not ours any more."""
        with self._store.writing() as tx:
            run = self._own(tx, run_id, token)
            if run is None:
                return None
            run = facts.apply(tx, run, records)
            _update_attempt(tx, run, journal_offset=offset)
            if run.anomaly is not None and run.state in ACTIVE:
                run = respond(tx, run, run.anomaly, self._folders.run(run_id), self._clock.now())
            return run

    def send(self, run: Run, kind: str) -> None:
        """Tells the worker, through its folder, what is wished."""
        command = Command.model_validate({"kind": kind, "token": run.token})
        path = self._folders.run(run.run_id).attempt(run.attempt).commands
        writer = JournalWriter(path, self._clock, first_seq=len(read_journal(path).records) + 1)
        try:
            writer.append(command.kind, {"token": command.token}, durable=True)
        finally:
            writer.close()

    def lose(self, run_id: str, token: int, error: LuthierError) -> Run | None:
        """The worker is gone: the run goes on from its last checkpoint, or fails when that would not help."""
        with self._store.writing() as tx:
            run = self._close_attempt(tx, run_id, token)
            if run is None or run.state not in ACTIVE:
                self._clear_up(run)
                return run
            now, losses, folder = self._clock.now(), run.losses_of_worker + 1, self._folders.run(run_id)
            anomaly = anomaly_of_loss(run, error.problem)
            tx.events.append("run.alert", run_id, "supervisor", alert_of_loss(run, error.problem, anomaly), now)
            if anomaly is not None and anomaly.kind is AnomalyKind.OUT_OF_MEMORY:
                return respond(tx, run, anomaly, folder, now)
            verdict = after_loss(run, error.problem.code, losses)
            changes: dict[str, Any] = {"losses_of_worker": losses, "phase": "", "retry_seconds": verdict.pause_seconds}
            if verdict.move is not RunMove.LOSE:
                changes |= {"finished_at": now}
            if verdict.move is RunMove.FAIL:
                changes |= {"problem": error.problem}
            if anomaly is not None and verdict.pause_seconds:
                run = note_restart(tx, run, anomaly, folder, now)
            cause = f"{error.problem.sentence} {verdict.sentence}"
            return move_run(tx, run, verdict.move, author="supervisor", cause=cause, at=now, **changes)

    def fail(self, run_id: str, token: int, error: LuthierError) -> None:
        """The attempt cannot even begin; a person has to mend something first."""
        with self._store.writing() as tx:
            run = self._close_attempt(tx, run_id, token)
            if run is not None and (run.state, RunMove.FAIL) in TRANSITIONS:
                now = self._clock.now()
                changes = {"problem": error.problem, "finished_at": now, "phase": ""}
                move_run(tx, run, RunMove.FAIL, author="supervisor", cause=error.problem.sentence, at=now, **changes)

    def close(self, run_id: str, token: int) -> None:
        """The attempt has said its last word and its process is gone."""
        with self._store.writing() as tx:
            self._clear_up(self._close_attempt(tx, run_id, token))

    def _clear_up(self, run: Run | None) -> None:
        if run is not None and run.state is RunState.CANCELLED and not run.keeps_checkpoint:
            self._folders.run(run.run_id).discard_results()

    def _close_attempt(self, tx: Transaction, run_id: str, token: int) -> Run | None:
        run = self._own(tx, run_id, token)
        if run is not None:
            _update_attempt(tx, run, ended_at=self._clock.now())
            tx.leases.drop(run_id, self.holder)
        return run

    def _own(self, tx: Transaction, run_id: str, token: int) -> Run | None:
        """None when a newer attempt, or another supervisor, has taken over."""
        run, lease = tx.runs.get(run_id), tx.leases.get(run_id)
        held = lease is not None and (lease.holder, lease.token) == (self.holder, token)
        return run if held and run is not None and run.token == token else None

    def complete(self, run: Run, finished: Finished) -> Run | None:
        """Scores the answers, writes the proof, registers the version. A crash on the way leaves the run as it was.

        None when the run was cancelled, or taken over, meanwhile. Raises ResultUnreadable when the answers are not as
        the worker wrote them.
        """
        folder = self._folders.run(run.run_id)
        try:
            sheet = AnswerSheet.model_validate_json((folder.root / finished.answers_file).read_bytes())
        except (OSError, ValueError) as error:
            raise ResultUnreadable(run=run.name, file=finished.answers_file, details=repr(error)) from error
        report = score(sheet)
        write_json(folder.evaluation, report.model_dump(mode="json"))
        with self._store.reading() as tx:
            training = training_of(tx, run)
        quality = write_quality(folder, report, training)
        summary = headline(report) | {"quality_score": quality.score}
        data_sha256 = data_hashes(folder)
        now = self._clock.now()
        with self._store.writing() as tx:
            current = self._own(tx, run.run_id, run.token)
            if current is None or current.state is not RunState.COMPLETING:
                return None
            version = version_of_run(tx, run, finished, folder.root, data_sha256, summary, now)
            tx.versions.add(version)
            changes = {
                "adapter_folder": version.adapter_folder,
                "version_id": version.version_id,
                "summary": summary,
                "finished_at": now,
                "phase": "",
            }
            cause = f"registered as {version.label}"
            return move_run(tx, current, RunMove.COMPLETE, author="supervisor", cause=cause, at=now, **changes)


def _confirmed(run: Run) -> bool:
    """A person has said how the columns are to be read, so there is nothing left to doubt."""
    return run.recipe.shape is not None or bool(run.recipe.columns)


def _update_attempt(tx: Transaction, run: Run, **changes: object) -> None:
    attempt = tx.attempts.get(run.run_id, run.attempt)
    assert attempt is not None, "a claimed run has an attempt; both were stored in one transaction"
    tx.attempts.put(run.run_id, attempt.model_copy(update=changes))
