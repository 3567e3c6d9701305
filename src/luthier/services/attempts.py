"""Runs as a supervisor handles them: claim one, hand it to a worker, take in its facts, finish it or let it go."""

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from luthier.domain.datasets import Mapping
from luthier.domain.errors import LuthierError
from luthier.domain.evaluations import AnswerSheet, EvaluationReport
from luthier.domain.jobs import Command, Finished, Job
from luthier.domain.run_states import ACTIVE, TRANSITIONS, RunMove, RunState
from luthier.domain.runs import Attempt, ResultUnreadable, Run
from luthier.domain.versions import Version
from luthier.evaluation import score
from luthier.health.checkpoints import newest_intact
from luthier.kit.clock import Clock
from luthier.kit.files import sha256_of, write_json
from luthier.kit.ids import new_id
from luthier.kit.journal import JournalWriter, Record, read_journal
from luthier.kit.processes import ProcessIdentity
from luthier.services.folders import AttemptFolder, Folders
from luthier.services.run_facts import FactFolder
from luthier.services.run_moves import move_run
from luthier.store import Store, Transaction

MOST_LOSSES = 3  # of a worker without a step in between, before a person is asked


@dataclass(frozen=True)
class Assignment:
    """A claimed run with the folder of its new attempt; the worker is not yet started."""

    run: Run
    attempt: Attempt
    folder: AttemptFolder


class Attempts:
    def __init__(self, store: Store, folders: Folders, clock: Clock) -> None:
        self._store = store
        self._folders = folders
        self._clock = clock

    def claim_next(self) -> Assignment | None:
        """Takes the oldest queued run under a new token; nothing that an older attempt still writes will count."""
        with self._store.writing() as tx:
            run = tx.runs.next_queued()
            if run is None:
                return None
            now = self._clock.now()
            attempt = Attempt(number=run.attempt + 1, token=run.token + 1, started_at=now)
            claimed = {"attempt": attempt.number, "token": attempt.token, "beat_at": now, "phase": "starting"}
            started = run.started_at or now
            run = move_run(
                tx, run, RunMove.CLAIM, author="supervisor", cause="its turn", at=now, started_at=started, **claimed
            )
            tx.attempts.put(run.run_id, attempt)
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
        )

    def _mapping(self, run: Run) -> Mapping | None:
        with self._store.reading() as tx:
            dataset = tx.datasets.get(run.dataset_id)
        return dataset.report.mapping if dataset and not _confirmed(run) else None

    def started(self, assignment: Assignment, process: ProcessIdentity) -> None:
        with self._store.writing() as tx:
            update = {"pid": process.pid, "process_started_at": process.started_at}
            tx.attempts.put(assignment.run.run_id, assignment.attempt.model_copy(update=update))

    def anything_queued(self) -> bool:
        with self._store.reading() as tx:
            return bool(tx.runs.list(limit=1, states={RunState.QUEUED}))

    def owned(self) -> list[Run]:
        """Runs that have, or may still have, a worker: the active ones and those cancelled with a worker alive."""
        with self._store.reading() as tx:
            active = tx.runs.list(limit=1000, states=ACTIVE)
            cancelled = tx.runs.list(limit=100, states={RunState.CANCELLED})
            return active + [run for run in cancelled if self._has_open_attempt(tx, run)]

    def _has_open_attempt(self, tx: Transaction, run: Run) -> bool:
        attempt = tx.attempts.get(run.run_id, run.attempt)
        return attempt is not None and attempt.ended_at is None

    def attempt_of(self, run: Run) -> Attempt | None:
        with self._store.reading() as tx:
            return tx.attempts.get(run.run_id, run.attempt)

    def current(self, run_id: str, token: int) -> Run | None:
        """The run as it is now; None when a newer attempt has taken over."""
        with self._store.reading() as tx:
            run = tx.runs.get(run_id)
            return run if run is not None and run.token == token else None

    def take_in(self, run_id: str, token: int, records: list[Record], offset: int, facts: FactFolder) -> Run | None:
        """Stores what the journal says up to `offset`, or returns None when a newer attempt has taken over."""
        with self._store.writing() as tx:
            run = tx.runs.get(run_id)
            if run is None or run.token != token:
                return None
            run = facts.apply(tx, run, records)
            _update_attempt(tx, run, journal_offset=offset)
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
        """The worker is gone: the run goes on from its last checkpoint, or fails when this has happened too often."""
        with self._store.writing() as tx:
            run = self._close_attempt(tx, run_id, token)
            if run is None or run.state not in ACTIVE:
                return run
            now, losses = self._clock.now(), run.losses_of_worker + 1
            alert = error.problem.model_dump(mode="json", include={"code", "sentence", "actions"})
            tx.events.append("run.alert", run_id, "supervisor", {**alert, "step": run.step}, now)
            cause = error.problem.sentence
            move = RunMove.FAIL if losses >= MOST_LOSSES and run.state != RunState.PAUSING else RunMove.LOSE
            changes = {"losses_of_worker": losses, "phase": ""}
            if move is RunMove.FAIL:
                changes |= {"problem": error.problem, "finished_at": now}
            return move_run(tx, run, move, author="supervisor", cause=cause, at=now, **changes)

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
            run = self._close_attempt(tx, run_id, token)
        if run is not None and run.state is RunState.CANCELLED:
            self._folders.run(run_id).discard_results()

    def _close_attempt(self, tx: Transaction, run_id: str, token: int) -> Run | None:
        run = tx.runs.get(run_id)
        if run is None or run.token != token:
            return None
        _update_attempt(tx, run, ended_at=self._clock.now())
        return run

    def complete(self, run: Run, finished: Finished) -> Run:
        """Scores the answers, writes the proof, registers the version. A crash on the way leaves the run as it was.

        Raises ResultUnreadable when the answers are not as the worker wrote them.
        """
        folder = self._folders.run(run.run_id)
        try:
            sheet = AnswerSheet.model_validate_json((folder.root / finished.answers_file).read_bytes())
        except (OSError, ValueError) as error:
            raise ResultUnreadable(run=run.name, file=finished.answers_file, details=repr(error)) from error
        report = score(sheet)
        write_json(folder.evaluation, report.model_dump(mode="json"))
        adapter = folder.root / finished.adapter_folder
        summary = headline(report)
        now = self._clock.now()
        with self._store.writing() as tx:
            version = self._version(tx, run, adapter, finished, summary, now)
            tx.versions.add(version)
            changes = {
                "adapter_folder": str(adapter),
                "version_id": version.version_id,
                "summary": summary,
                "finished_at": now,
                "phase": "",
            }
            cause = f"registered as {version.label}"
            return move_run(tx, run, RunMove.COMPLETE, author="supervisor", cause=cause, at=now, **changes)

    def _version(
        self, tx: Transaction, run: Run, adapter: Path, finished: Finished, summary: dict[str, object], now: datetime
    ) -> Version:
        dataset = tx.datasets.get(run.dataset_id)
        stem = run.recipe.name or (dataset.name if dataset else run.name)
        return Version(
            version_id=new_id("ver"),
            name=stem,
            number=tx.versions.next_number(stem),
            run_id=run.run_id,
            base_name=run.recipe.base,
            base_folder=run.base_folder,
            base_revision=run.base_revision,
            licence=run.base_licence,
            kind="model" if run.plan.adapter.kind == "full" else "adapter",
            adapter_folder=str(adapter),
            adapter_sha256=finished.adapter_sha256,
            dataset_id=run.dataset_id,
            summary=summary,
            created_at=now,
        )


def _confirmed(run: Run) -> bool:
    """A person has said how the columns are to be read, so there is nothing left to doubt."""
    return run.recipe.shape is not None or bool(run.recipe.columns)


def _update_attempt(tx: Transaction, run: Run, **changes: object) -> None:
    attempt = tx.attempts.get(run.run_id, run.attempt)
    assert attempt is not None, "a claimed run has an attempt; both were stored in one transaction"
    tx.attempts.put(run.run_id, attempt.model_copy(update=changes))


def headline(report: EvaluationReport) -> dict[str, object]:
    """The few figures that lists and tables show."""
    figures: dict[str, object] = {"base_loss": report.base_loss, "tuned_loss": report.tuned_loss}
    if report.comparison:
        figures |= {
            "scorer": report.scorer,
            "base_share": report.comparison.base.share,
            "tuned_share": report.comparison.tuned.share,
            "answered": report.comparison.tuned.total,
            "better": report.comparison.better,
        }
    return figures
