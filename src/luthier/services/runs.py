"""Runs as people ask for them: submit, stop, resume, cancel, and everything one may want to know."""

from collections.abc import Callable, Collection
from pathlib import Path

from luthier.domain.evaluations import EvaluationReport
from luthier.domain.events import Event
from luthier.domain.jobs import Alert, Progress, Sample
from luthier.domain.preflight import PreflightReport
from luthier.domain.recipes import Recipe
from luthier.domain.run_states import ACTIVE, RunMove, RunState
from luthier.domain.runs import Checkpoint, MetricPoint, Run
from luthier.kit.clock import Clock
from luthier.kit.files import write_atomically, write_json
from luthier.kit.ids import new_id
from luthier.services.folders import Folders
from luthier.services.plans import Plans, Preparation
from luthier.services.recipes import dump_recipe
from luthier.services.run_moves import move_run
from luthier.store import Store


class Runs:
    """`wake` is called after a commit that gives a supervisor something to do."""

    def __init__(self, store: Store, folders: Folders, plans: Plans, clock: Clock, wake: Callable[[], None]) -> None:
        self._store = store
        self._folders = folders
        self._plans = plans
        self._clock = clock
        self._wake = wake

    def submit(self, recipe: Recipe, on_progress: Callable[[Progress], None] | None = None) -> Run:
        """Checks, plans and queues. Raises what planning raises; nothing is queued then."""
        preparation = self._plans.prepare(recipe, on_progress)
        run_id = new_id("run")
        self._write_folder(run_id, recipe, preparation)
        now = self._clock.now()
        with self._store.writing() as tx:
            run = Run(
                run_id=run_id,
                name=tx.runs.next_name(recipe.name or preparation.dataset.name),
                state=RunState.CREATED,
                recipe=recipe,
                plan=preparation.plan,
                base_folder=preparation.base.folder,
                base_revision=preparation.base.revision,
                base_licence=preparation.base.licence,
                dataset_id=preparation.dataset.dataset_id,
                created_at=now,
                updated_at=now,
                total_steps=preparation.plan.total_steps,
            )
            tx.runs.add(run)
            run = move_run(tx, run, RunMove.SUBMIT, author="user", cause="submitted", at=now)
        self._wake()
        return run

    def _write_folder(self, run_id: str, recipe: Recipe, preparation: Preparation) -> None:
        folder = self._folders.run(run_id)
        preparation.write_data(folder.train_file, folder.held_out_file)
        write_atomically(folder.recipe, dump_recipe(recipe).encode())
        write_json(folder.plan, preparation.plan.model_dump(mode="json"))

    def stop(self, reference: str, author: str = "user") -> Run:
        """Parks the run with a checkpoint; `resume` goes on exactly from there."""
        return self._ask(reference, RunMove.STOP, author, "asked to stop")

    def resume(self, reference: str, author: str = "user") -> Run:
        return self._ask(reference, RunMove.RESUME, author, "asked to resume", problem=None, losses_of_worker=0)

    def cancel(self, reference: str, author: str = "user") -> Run:
        """Ends the run and throws its checkpoints away; the record and the log stay."""
        had_worker = self.get(reference).state in ACTIVE
        run = self._ask(reference, RunMove.CANCEL, author, "asked to cancel", finished_at=self._clock.now())
        if not had_worker:  # else its supervisor clears up once the worker is gone
            self._folders.run(run.run_id).discard_results()
        return run

    def _ask(self, reference: str, move: RunMove, author: str, cause: str, **changes: object) -> Run:
        with self._store.writing() as tx:
            run = tx.runs.find(reference)
            run = move_run(tx, run, move, author=author, cause=cause, at=self._clock.now(), **changes)
        self._wake()
        return run

    def get(self, reference: str) -> Run:
        with self._store.reading() as tx:
            return tx.runs.find(reference)

    def any_unfinished(self) -> bool:
        """True while some run waits for, or has, a worker."""
        return bool(self.list(limit=1, states={RunState.QUEUED, *ACTIVE}))

    def metrics(self, reference: str, names: Collection[str] | None = None, after_step: int = -1) -> list[MetricPoint]:
        with self._store.reading() as tx:
            return tx.metrics.list(tx.runs.find(reference).run_id, names=names, after_step=after_step)

    def events_after(self, seq: int, run_id: str | None = None, limit: int = 500) -> list[Event]:
        with self._store.reading() as tx:
            return tx.events.after(seq, run_id=run_id, limit=limit)

    def latest_seq(self) -> int:
        with self._store.reading() as tx:
            return tx.events.latest_seq()

    def checkpoints(self, reference: str) -> list[Checkpoint]:
        with self._store.reading() as tx:
            return tx.checkpoints.list(tx.runs.find(reference).run_id)

    def samples(self, reference: str) -> list[Sample]:
        """The prompts that were answered before and after training."""
        with self._store.reading() as tx:
            run = tx.runs.find(reference)
            events = tx.events.after(0, run_id=run.run_id, kinds=("run.sample",))
        newest = {event.body["prompt"]: Sample(**event.body) for event in events}
        return list(newest.values())

    def alerts(self, reference: str) -> list[Alert]:
        """What the worker warned of, oldest first."""
        with self._store.reading() as tx:
            run = tx.runs.find(reference)
            return [Alert(**event.body) for event in tx.events.after(0, run_id=run.run_id, kinds=("run.alert",))]

    def log_tail(self, reference: str, lines: int = 200) -> list[str]:
        """The end of the newest attempt's log."""
        run = self.get(reference)
        path = self._folders.run(run.run_id).attempt(run.attempt).log
        return _last_lines(path, lines)

    def preflight(self, reference: str) -> PreflightReport | None:
        path = self._folders.run(self.get(reference).run_id).preflight
        return PreflightReport.model_validate_json(path.read_bytes()) if path.exists() else None

    def preflight_html(self, reference: str) -> str | None:
        path = self._folders.run(self.get(reference).run_id).preflight_page
        return path.read_text() if path.exists() else None

    def evaluation(self, reference: str) -> EvaluationReport | None:
        path = self._folders.run(self.get(reference).run_id).evaluation
        return EvaluationReport.model_validate_json(path.read_bytes()) if path.exists() else None

    def list(self, limit: int = 50, states: Collection[RunState] | None = None, before: str | None = None) -> list[Run]:
        """Newest first; `before` is the id of the last run of the page that was seen."""
        with self._store.reading() as tx:
            return tx.runs.list(limit=limit, states=states, before=before)


_BYTES_PER_LINE = 400  # generous for a log line, so that one read is enough


def _last_lines(path: Path, count: int) -> list[str]:
    if not path.exists():
        return []
    with open(path, "rb") as file:
        file.seek(max(0, path.stat().st_size - count * _BYTES_PER_LINE))
        return file.read().decode(errors="replace").splitlines()[-count:]
