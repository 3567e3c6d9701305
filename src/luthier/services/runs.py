"""Runs as people ask for them: submit, pause, resume, stop, retry, cancel, clone, and all one may want to know."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from luthier.domain.evaluations import EvaluationReport
from luthier.domain.events import Event
from luthier.domain.health import NothingToRemedy, Offer, RemedyName, RemedyNotOffered
from luthier.domain.jobs import Alert, Progress, Sample
from luthier.domain.preflight import PreflightReport
from luthier.domain.queues import Priority
from luthier.domain.recipes import Recipe
from luthier.domain.run_queries import RunQuery
from luthier.domain.run_states import ACTIVE, TRANSITIONS, RunMove, RunState
from luthier.domain.runs import Checkpoint, MetricPoint, NothingToGoOnFrom, Run, WorkerStillEnding
from luthier.domain.sweeps import SweepMember, members_of
from luthier.health.limits import anomaly_facts
from luthier.kit.clock import Clock
from luthier.kit.files import write_atomically, write_json
from luthier.kit.ids import new_id
from luthier.services.folders import Folders
from luthier.services.plans import Plans, Preparation
from luthier.services.recipes import change_recipe, dump_recipe
from luthier.services.remedies import apply_remedy, offered
from luthier.services.rewards import with_programs
from luthier.services.run_moves import AFRESH, move_run
from luthier.store import Store

_UNDONE: dict[str, object] = {
    "step": 0,
    "remedies": (),
    "loss": None,
    "seconds_left": None,
    "tokens_per_second": None,
    "training_seconds": 0.0,
    "rss_bytes": None,
    "peak_rss_bytes": None,
    "adapter_folder": None,
    "adapter_sha256": None,
}


@dataclass(frozen=True)
class _Asked:
    """A run to be, planned."""

    recipe: Recipe
    preparation: Preparation
    priority: Priority
    cloned_from: str | None = None
    sweep: SweepMember | None = None


class Runs:
    """`wake` is called after a commit that gives a supervisor something to do."""

    def __init__(self, store: Store, folders: Folders, plans: Plans, clock: Clock, wake: Callable[[], None]) -> None:
        self._store = store
        self._folders = folders
        self._plans = plans
        self._clock = clock
        self._wake = wake

    def submit(
        self,
        recipe: Recipe,
        on_progress: Callable[[Progress], None] | None = None,
        *,
        priority: Priority = Priority.NORMAL,
        cloned_from: str | None = None,
    ) -> Run:
        """Checks, plans and queues. Raises what planning raises; nothing is queued then."""
        recipe = with_programs(recipe)
        asked = _Asked(recipe, self._plans.prepare(recipe, on_progress), priority, cloned_from=cloned_from)
        return self._queue([asked])[0]

    def sweep(
        self,
        recipe: Recipe,
        values: Mapping[str, Sequence[Any]],
        on_progress: Callable[[Progress], None] | None = None,
        *,
        priority: Priority = Priority.NORMAL,
    ) -> "list[Run]":
        """A run for every combination of these `values` of settings, which have dotted names. All are planned before
        any is queued. Raises SweepInvalid, RecipeInvalid, and what planning raises.
        """
        asked = []
        for member in members_of(new_id("sweep"), values):
            changed = with_programs(change_recipe(recipe, member.values))
            preparation = self._plans.prepare(changed, on_progress)
            name = f"{recipe.name or preparation.dataset.name}, {member.label}"
            asked.append(_Asked(changed.model_copy(update={"name": name}), preparation, priority, sweep=member))
        return self._queue(asked)

    def of_sweep(self, sweep_id: str) -> "list[Run]":
        """In the order of their values."""
        with self._store.reading() as tx:
            return tx.runs.of_sweep(sweep_id)

    def clone(
        self,
        reference: str,
        changes: Mapping[str, Any] | None = None,
        on_progress: Callable[[Progress], None] | None = None,
        *,
        priority: Priority | None = None,
    ) -> Run:
        """A new run from the same recipe, planned anew; `changes` are parts of the recipe that differ."""
        origin = self.get(reference)
        recipe = change_recipe(origin.recipe, changes or {})
        return self.submit(recipe, on_progress, priority=priority or origin.priority, cloned_from=origin.run_id)

    def _queue(self, asked: "Sequence[_Asked]") -> "list[Run]":
        """All of them, or none when a folder cannot be written."""
        now, made = self._clock.now(), [(new_id("run"), each) for each in asked]
        for run_id, each in made:
            self._write_folder(run_id, each.recipe, each.preparation)
        queued = []
        with self._store.writing() as tx:
            for run_id, each in made:
                preparation = each.preparation
                run = Run(
                    run_id=run_id,
                    name=tx.runs.next_name(each.recipe.name or preparation.dataset.name),
                    state=RunState.CREATED,
                    recipe=each.recipe,
                    plan=preparation.plan,
                    base_folder=preparation.base.folder,
                    base_revision=preparation.base.revision,
                    base_licence=preparation.base.licence,
                    dataset_id=preparation.dataset.dataset_id,
                    created_at=now,
                    updated_at=now,
                    total_steps=preparation.plan.total_steps,
                    priority=each.priority,
                    home=self._folders.workspace_id,
                    cloned_from=each.cloned_from,
                    sweep=each.sweep,
                )
                tx.runs.add(run)
                queued.append(move_run(tx, run, RunMove.SUBMIT, author="user", cause="submitted", at=now))
        self._wake()
        return queued

    def _write_folder(self, run_id: str, recipe: Recipe, preparation: Preparation) -> None:
        folder = self._folders.run(run_id)
        preparation.write_data(folder.train_file, folder.held_out_file)
        write_atomically(folder.recipe, dump_recipe(recipe).encode())
        write_json(folder.plan, preparation.plan.model_dump(mode="json"))

    def pause(self, reference: str, author: str = "user") -> Run:
        """Parks the run with a checkpoint; `resume` goes on exactly from there."""
        return self._ask(reference, RunMove.PAUSE, author, "asked to pause")

    def resume(self, reference: str, author: str = "user") -> Run:
        """Goes on from the newest checkpoint."""
        return self._ask(reference, RunMove.RESUME, author, "asked to resume", **AFRESH)

    def remedy(self, reference: str, name: RemedyName, author: str = "user") -> Run:
        """Goes on under a remedy for what the run rests over. Raises NothingToRemedy, RemedyNotOffered."""
        with self._store.writing() as tx:
            run = tx.runs.find(reference)
            choices = offered(run)
            if not choices:
                raise NothingToRemedy(run=run.name, state=run.state.value)
            if name not in choices:
                raise RemedyNotOffered(remedy=name, run=run.name, offered=", ".join(choices))
            run = apply_remedy(tx, run, name, self._folders.run(run.run_id), author, self._clock.now())
        self._wake()
        return run

    def offers(self, reference: str) -> tuple[Offer, ...]:
        """The remedies for what the run rests over, the likeliest to help first."""
        facts = anomaly_facts().remedies
        names = offered(self.get(reference))
        return tuple(Offer(remedy=name, label=facts[name].label, meaning=facts[name].meaning) for name in names)

    def stop(self, reference: str, author: str = "user") -> Run:
        """Ends the run with a checkpoint that is kept."""
        with self._store.writing() as tx:
            run, now = tx.runs.find(reference), self._clock.now()
            over = {} if run.state in ACTIVE else {"finished_at": now}  # else once its worker has parked
            cause = "asked to stop"
            run = move_run(tx, run, RunMove.STOP, author=author, cause=cause, at=now, keeps_checkpoint=True, **over)
        self._wake()
        return run

    def retry(self, reference: str, author: str = "user") -> Run:
        """Begins again from the first step: what the run has made so far is thrown away, its history stays."""
        with self._store.writing() as tx:
            run = tx.runs.find(reference)
            if (run.state, RunMove.RETRY) in TRANSITIONS and tx.leases.get(run.run_id) is not None:
                raise WorkerStillEnding(run=run.name)
            now, cause = self._clock.now(), "asked to begin again"
            run = move_run(tx, run, RunMove.RETRY, author=author, cause=cause, at=now, **AFRESH, **_UNDONE)
            tx.metrics.clear(run.run_id)
            tx.checkpoints.clear(run.run_id)
            self._folders.run(run.run_id).discard_results()
        self._wake()
        return run

    def cancel(self, reference: str, author: str = "user") -> Run:
        """Ends the run and throws its checkpoints away; the record and the log stay."""
        with self._store.writing() as tx:
            run, now, cause = tx.runs.find(reference), self._clock.now(), "asked to cancel"
            over = {"finished_at": now, "keeps_checkpoint": False, "phase": ""}
            run = move_run(tx, run, RunMove.CANCEL, author=author, cause=cause, at=now, **over)
            if tx.leases.get(run.run_id) is None:  # else its supervisor clears up once the worker is gone
                self._folders.run(run.run_id).discard_results()
        self._wake()
        return run

    def _ask(self, reference: str, move: RunMove, author: str, cause: str, **changes: object) -> Run:
        with self._store.writing() as tx:
            run = tx.runs.find(reference)
            if move is RunMove.RESUME and not run.can_go_on:
                raise NothingToGoOnFrom(run=run.name)
            run = move_run(tx, run, move, author=author, cause=cause, at=self._clock.now(), **changes)
        self._wake()
        return run

    def get(self, reference: str) -> Run:
        with self._store.reading() as tx:
            return tx.runs.find(reference)

    def any_unfinished(self) -> bool:
        """True while some run waits for, or has, a worker."""
        with self._store.reading() as tx:
            return bool(tx.runs.list(limit=1, states={RunState.QUEUED, *ACTIVE}) or tx.leases.list())

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

    def matching(self, query: RunQuery, limit: int, before: str | None = None) -> Sequence[Run]:
        """In the order asked for; `before` is the id of the last run of the page that was seen."""
        with self._store.reading() as tx:
            return tx.runs.matching(query, limit, before)

    def bases(self) -> Sequence[str]:
        """Every base model that a run began from, as the recipes name it."""
        with self._store.reading() as tx:
            return tx.runs.bases()
