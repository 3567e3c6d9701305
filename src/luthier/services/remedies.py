"""What follows an anomaly, by the run's policy, and what a remedy throws away, sets, and leaves in the history."""

from datetime import datetime

from luthier.domain.health import (
    ROLLS_BACK,
    Anomaly,
    AppliedRemedy,
    RemediesExhausted,
    RemedyName,
    rolled_back,
    settings_at,
)
from luthier.domain.recipes import TrainingSettings
from luthier.domain.run_states import TRANSITIONS, RunMove, RunState
from luthier.domain.runs import Run
from luthier.health.checkpoints import healthy, step_of
from luthier.health.limits import anomaly_facts
from luthier.health.verdicts import next_by_itself, problem_of, sentence_of
from luthier.services.folders import RunFolder
from luthier.services.run_moves import AFRESH, move_run
from luthier.store import Transaction

_SETTING_OF = {
    RemedyName.LOWER_RATE: "learning_rate",
    RemedyName.CLIP_HARDER: "max_gradient_norm",
    RemedyName.HALVE_MICRO_BATCH: "micro_batch_tokens",
}


def respond(tx: Transaction, run: Run, anomaly: Anomaly, folder: RunFolder, at: datetime) -> Run:
    """Of a run whose worker has ended over it: a remedy, a rest until somebody chooses one, or the end."""
    remedy = _chosen_by_policy(run, anomaly)
    if remedy is not None and (run.state, RunMove.REMEDY) in TRANSITIONS:
        return apply_remedy(tx, run.model_copy(update={"anomaly": anomaly}), remedy, folder, "supervisor", at)
    exhausted = run.recipe.health.policy == "automatic" and not _only_pauses(anomaly)
    if exhausted and run.state is not RunState.PAUSING and (run.state, RunMove.FAIL) in TRANSITIONS:
        return _fail(tx, run, anomaly, at)
    return _rest(tx, run, anomaly, at)


def apply_remedy(tx: Transaction, run: Run, remedy: RemedyName, folder: RunFolder, author: str, at: datetime) -> Run:
    """Queues the run again, to go on from its newest checkpoint, or from its last healthy one, under the remedy."""
    assert run.anomaly is not None, "a remedy is applied to something"
    to_step = _goes_back_to(run, run.anomaly, remedy, folder)
    if remedy in ROLLS_BACK:
        for gone in folder.discard_checkpoints_after(to_step):
            tx.checkpoints.drop(run.run_id, gone)
    applied = _applied(run, run.anomaly, remedy, to_step, author)
    _tell(tx, run, run.anomaly, applied, at)
    cause = f"{anomaly_facts().remedies[remedy].label.lower()}, from step {to_step}"
    changes = {**AFRESH, "remedies": (*rolled_back(run.remedies, to_step), applied), "step": to_step}
    return move_run(tx, run, RunMove.REMEDY, author=author, cause=cause, at=at, **changes)


def note_restart(tx: Transaction, run: Run, stall: Anomaly, folder: RunFolder, at: datetime) -> Run:
    """Of a run that goes on after a loss in any case: the remedy stands in its history."""
    to_step = _goes_back_to(run, stall, RemedyName.RESTART, folder)
    applied = _applied(run, stall, RemedyName.RESTART, to_step, "supervisor")
    _tell(tx, run, stall, applied, at)
    return run.model_copy(update={"remedies": (*run.remedies, applied)})


def possible(run: Run, anomaly: Anomaly, remedy: RemedyName) -> bool:
    """Whether it would change anything; a micro-batch cannot be halved for ever."""
    before = _setting_before(run, remedy, anomaly.step)
    return not before or any(_treated(remedy, value, anomaly) != value for value in before.values())


def offered(run: Run) -> tuple[RemedyName, ...]:
    """To a person, the likeliest to help first."""
    if run.anomaly is None or (run.state, RunMove.REMEDY) not in TRANSITIONS or run.state not in _AT_REST:
        return ()
    names = anomaly_facts().kinds[run.anomaly.kind].offers
    return tuple(name for name in names if possible(run, run.anomaly, name))


_AT_REST = frozenset({RunState.PAUSED, RunState.FAILED})


def _goes_back_to(run: Run, anomaly: Anomaly, remedy: RemedyName, folder: RunFolder) -> int:
    checkpoint = healthy(folder.checkpoints, anomaly.since_step if remedy in ROLLS_BACK else run.total_steps + 1)
    return step_of(checkpoint) if checkpoint else 0


def _applied(run: Run, anomaly: Anomaly, remedy: RemedyName, to_step: int, author: str) -> AppliedRemedy:
    before = _setting_before(run, remedy, to_step)
    return AppliedRemedy(
        number=len(run.remedies) + 1,
        remedy=remedy,
        anomaly=anomaly.kind,
        step=anomaly.step,
        rows=anomaly.rows if remedy is RemedyName.SKIP_BATCH and anomaly.alone else (),
        after_step=to_step,
        before=before,
        after={name: _treated(remedy, value, anomaly) for name, value in before.items()},
        author=author,
    )


def _tell(tx: Transaction, run: Run, anomaly: Anomaly, applied: AppliedRemedy, at: datetime) -> None:
    left = max(0, run.recipe.health.attempts - _tried(run) - _counts(applied))
    body = applied.model_dump(mode="json") | {"cause": sentence_of(anomaly), "left": left}
    tx.events.append("run.remedy", run.run_id, applied.author, body, at)


def _counts(applied: AppliedRemedy) -> bool:
    """Against the limit of the policy `automatic`; going on after a stall has a limit of its own."""
    return applied.author == "supervisor" and applied.remedy is not RemedyName.RESTART


def _tried(run: Run) -> int:
    return sum(map(_counts, run.remedies))


def _chosen_by_policy(run: Run, anomaly: Anomaly) -> RemedyName | None:
    spec = run.recipe.health
    if spec.policy != "automatic" or run.state is RunState.PAUSING or _tried(run) >= spec.attempts:
        return None
    tried = sum(each.anomaly is anomaly.kind and not each.rows for each in run.remedies if _counts(each))
    remedy = next_by_itself(anomaly, tried)
    if remedy is None or remedy is RemedyName.PAUSE or not possible(run, anomaly, remedy):
        return None
    return remedy


def _only_pauses(anomaly: Anomaly) -> bool:
    return anomaly_facts().kinds[anomaly.kind].automatic == (RemedyName.PAUSE,)


def _fail(tx: Transaction, run: Run, anomaly: Anomaly, at: datetime) -> Run:
    error = RemediesExhausted(
        sentence=sentence_of(anomaly),
        count=_tried(run),
        most=run.recipe.health.attempts,
        run=run.name,
        lower=f"{run.plan.settings.learning_rate / 10:.2g}",
    )
    changes = {"problem": error.problem, "anomaly": anomaly, "finished_at": at, "phase": ""}
    return move_run(tx, run, RunMove.FAIL, author="supervisor", cause=error.problem.sentence, at=at, **changes)


def _rest(tx: Transaction, run: Run, anomaly: Anomaly, at: datetime) -> Run:
    """A person's wish may have moved the run meanwhile; then nothing is left to decide."""
    move = RunMove.END if run.state is RunState.PAUSING and run.keeps_checkpoint else RunMove.PARK
    if (run.state, move) not in TRANSITIONS:
        return run
    problem = problem_of(anomaly, run.name)
    changes: dict[str, object] = {"problem": problem, "anomaly": anomaly, "phase": ""}
    if move is RunMove.END:
        changes |= {"finished_at": at}
    return move_run(tx, run, move, author="supervisor", cause=problem.sentence, at=at, **changes)


def _setting_before(run: Run, remedy: RemedyName, to_step: int) -> dict[str, float]:
    name = _SETTING_OF.get(remedy)
    settings: TrainingSettings = settings_at(to_step + 1, run.plan.settings, rolled_back(run.remedies, to_step))
    return {} if name is None else {name: getattr(settings, name)}


def _treated(remedy: RemedyName, value: float, anomaly: Anomaly) -> float:
    facts = anomaly_facts().remedies[remedy]
    treated = max(facts.least, value * facts.factor)
    if remedy is RemedyName.CLIP_HARDER and anomaly.usual_norm:
        return min(treated, anomaly.usual_norm)
    return treated
