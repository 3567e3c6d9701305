"""What can go wrong while a run trains, what can be done about it, and from which step on a remedy holds."""

from collections.abc import Iterable, Sequence
from enum import StrEnum
from typing import NamedTuple

from luthier.domain.errors import Action, NotAllowedNow, WorkFailed
from luthier.domain.recipes import TrainingSettings
from luthier.kit.frozen import Frozen


class AnomalyKind(StrEnum):
    NOT_FINITE = "not_finite"
    HELD_OUT_NOT_FINITE = "held_out_not_finite"
    SPIKE = "spike"
    DIVERGENCE = "divergence"
    EXPLODING_GRADIENT = "exploding_gradient"
    VANISHING_GRADIENT = "vanishing_gradient"
    PLATEAU = "plateau"
    OVERFITTING = "overfitting"
    MEMORY_HIGH = "memory_high"
    OUT_OF_MEMORY = "out_of_memory"
    DISK_LOW = "disk_low"
    THROUGHPUT_DROP = "throughput_drop"
    STALL = "stall"
    DATA_EXHAUSTED = "data_exhausted"


class RemedyName(StrEnum):
    ROLL_BACK = "roll_back"  # to the last healthy checkpoint, as the three after it do too
    SKIP_BATCH = "skip_batch"
    LOWER_RATE = "lower_rate"
    CLIP_HARDER = "clip_harder"
    HALVE_MICRO_BATCH = "halve_micro_batch"
    RESTART = "restart"  # from the newest checkpoint, changing nothing
    PAUSE = "pause"
    GO_ON = "go_on"  # as it was, and without another word about this kind


ROLLS_BACK = frozenset(
    {RemedyName.ROLL_BACK, RemedyName.SKIP_BATCH, RemedyName.LOWER_RATE, RemedyName.CLIP_HARDER},
)


class Point(NamedTuple):
    step: int
    value: float


_DONE = {
    RemedyName.ROLL_BACK: "gone back",
    RemedyName.SKIP_BATCH: "left out",
    RemedyName.LOWER_RATE: "learning rate lowered",
    RemedyName.CLIP_HARDER: "gradients clipped harder",
    RemedyName.HALVE_MICRO_BATCH: "micro-batch halved",
    RemedyName.RESTART: "started again",
    RemedyName.PAUSE: "paused",
    RemedyName.GO_ON: "accepted",
}


class Evidence(Frozen):
    """The last points of the figure that gave it away; values that are no numbers are left out."""

    metric: str  # e.g. "loss"
    points: tuple[Point, ...] = ()


class Anomaly(Frozen):
    kind: AnomalyKind
    step: int  # at which it was found
    since_step: int  # the first step that may have spoilt weights: a checkpoint before it is healthy
    rows: tuple[int, ...] = ()  # of the step's examples, where they matter
    alone: bool = False  # each of these rows brings it about by itself, and no other row of the step does
    figures: dict[str, str] = {}  # that fill its sentence
    usual_norm: float | None = None  # of the gradients before it
    evidence: Evidence | None = None


class AppliedRemedy(Frozen):
    """One remedy of a run. What it set holds for every step after `after_step`, however often these are done again."""

    number: int  # within the run, from 1
    remedy: RemedyName
    anomaly: AnomalyKind
    step: int  # at which the anomaly was found
    rows: tuple[int, ...] = ()  # that skip_batch leaves out; without any, it leaves out all of `step`
    after_step: int  # the checkpoint that the run went back to; 0 is the beginning
    before: dict[str, float] = {}  # settings, by name
    after: dict[str, float] = {}
    author: str  # "user", or "supervisor" under the policy `automatic`

    @property
    def changes_training(self) -> bool:
        """Going back, or on, without changing anything repeats the same bits."""
        return bool(self.after) or self.remedy is RemedyName.SKIP_BATCH

    @property
    def description(self) -> str:
        """What was done, from where on and by whom, e.g. for a line of the history."""
        what = [_DONE[self.remedy]]
        if self.remedy is RemedyName.SKIP_BATCH:
            what += [f"rows {', '.join(map(str, self.rows))}" if self.rows else f"step {self.step}"]
        what += [f"from {_shown(self.before[name])} to {_shown(value)}" for name, value in self.after.items()]
        who = "by choice" if self.author == "user" else "by itself"
        return f"{' '.join(what)}; on from step {self.after_step}, {who}"

    def answers(self, anomaly: Anomaly | None) -> bool:
        return anomaly is not None and (anomaly.kind, anomaly.step) == (self.anomaly, self.step)


def _shown(value: float) -> str:
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"


class Offer(Frozen):
    """A remedy as it is offered to a person."""

    remedy: RemedyName
    label: str  # of its button
    meaning: str


def settings_at(step: int, settings: TrainingSettings, remedies: Iterable[AppliedRemedy]) -> TrainingSettings:
    """The settings of the 1-based `step`: a pure function, so that a step which is done again is done alike."""
    changed: dict[str, float] = {}
    for remedy in in_effect(step, remedies):
        changed |= remedy.after
    kinds = {name: type(getattr(settings, name)) for name in changed}
    return settings.model_copy(update={name: kinds[name](value) for name, value in changed.items()})


def in_effect(step: int, remedies: Iterable[AppliedRemedy]) -> tuple[AppliedRemedy, ...]:
    """Those that change what the 1-based `step`, or one before it, does; oldest first."""
    return tuple(each for each in remedies if each.after_step < step and each.changes_training)


def left_out(step: int, rows: Iterable[int], remedies: Iterable[AppliedRemedy]) -> tuple[int, ...]:
    """Those of the 1-based step's `rows` that it does without, in order."""
    skips = [each for each in in_effect(step, remedies) if each.remedy is RemedyName.SKIP_BATCH]
    whole_step = any(not each.rows and each.step == step for each in skips)
    gone = {row for each in skips for row in each.rows}
    return tuple(row for row in sorted(rows) if whole_step or row in gone)


def accepted_kinds(remedies: Iterable[AppliedRemedy]) -> frozenset[AnomalyKind]:
    """Kinds that a person has looked at and decided to live with."""
    return frozenset(remedy.anomaly for remedy in remedies if remedy.remedy is RemedyName.GO_ON)


def rolled_back(remedies: Sequence[AppliedRemedy], to_step: int) -> tuple[AppliedRemedy, ...]:
    """The remedies of a run that goes back to `to_step`: what it has learnt to avoid, it avoids from there on."""
    return tuple(remedy.model_copy(update={"after_step": min(remedy.after_step, to_step)}) for remedy in remedies)


class AnomalyFound(WorkFailed):
    code = "runs.anomaly_found"
    sentence = "{sentence}"
    actions = (
        Action(label="See what happened, why, and what can be done", command="luthier runs show {run}"),
        Action(label="See the remedies, and choose one", command="luthier runs remedy {run}"),
    )


class RemediesExhausted(WorkFailed):
    code = "runs.remedies_exhausted"
    sentence = "{sentence} {count} of {most} allowed remedies have been tried, so the run has ended."
    actions = (
        Action(label="Choose a further remedy by hand", command="luthier runs remedy {run}"),
        Action(label="Start anew more gently", command="luthier runs clone {run} --set learning_rate={lower}"),
    )


class NothingToRemedy(NotAllowedNow):
    code = "runs.nothing_to_remedy"
    sentence = "The run {run} is {state}, and nothing about it waits for a remedy."
    actions = (Action(label="See its state and what can be done", command="luthier runs show {run}"),)


class RemedyNotOffered(NotAllowedNow):
    code = "runs.remedy_not_offered"
    sentence = "{remedy} is no remedy for what happened to {run}; there are {offered}."
    actions = (Action(label="See what each of them does", command="luthier runs remedy {run}"),)
