"""Shows gradients to the detectors before they may change a weight, and stops a run that is found unwell."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

from luthier.domain.health import Anomaly, AnomalyKind, accepted_kinds
from luthier.domain.jobs import Alert, Job
from luthier.domain.runs import LossNotFinite
from luthier.engine.channel import Channel
from luthier.engine.memory_use import limit_bytes, peak_bytes, used_bytes
from luthier.health.detectors import Gauges
from luthier.health.losses import not_finite
from luthier.health.verdicts import alert_of, blamed, held_out_anomaly, judge
from luthier.health.watched import Observation, Watched
from luthier.kit.files import free_bytes
from luthier.kit.units import show_bytes

_NAMES_ROWS = frozenset({AnomalyKind.NOT_FINITE, AnomalyKind.SPIKE, AnomalyKind.EXPLODING_GRADIENT})
# The loss of GRPO is about 0 in every step, and its gradient 0 where all rewards are equal: neither makes a curve.
_OF_A_LOSS_CURVE = frozenset(
    {
        AnomalyKind.SPIKE,
        AnomalyKind.DIVERGENCE,
        AnomalyKind.EXPLODING_GRADIENT,
        AnomalyKind.VANISHING_GRADIENT,
        AnomalyKind.PLATEAU,
        AnomalyKind.OVERFITTING,
        AnomalyKind.DATA_EXHAUSTED,
    }
)
_OF_THE_MACHINE = frozenset({AnomalyKind.MEMORY_HIGH, AnomalyKind.DISK_LOW})


class Unwell(Exception):
    """The attempt is to end, and a remedy is wanted. `alert` has the anomaly."""

    def __init__(self, alert: Alert, anomaly: Anomaly) -> None:
        super().__init__(alert.sentence)
        self.alert = alert
        self.anomaly = anomaly

    @property
    def weights_are_well(self) -> bool:
        return self.anomaly.kind in _OF_THE_MACHINE


class Batch(NamedTuple):
    """Of one step, for who wants to know which of its rows is to blame."""

    rows: Sequence[int]
    well: Sequence[int]  # rows of the step before, which went well
    measure: Callable[[int], tuple[float, float]]  # the loss and the gradient norm of one row alone


class Vigil:
    """Over one attempt. Under the policy `off` it only refuses a loss that is not finite."""

    def __init__(self, job: Job, run_folder: Path, channel: Channel, checkpoint_bytes: int) -> None:
        self._job = job
        self._run_folder = run_folder
        self._channel = channel
        self._checkpoint_bytes = checkpoint_bytes
        self._accepted = accepted_kinds(job.remedies) | (_OF_A_LOSS_CURVE if job.method == "grpo" else frozenset())

    @property
    def is_on(self) -> bool:
        return self._job.health.policy != "off"

    def look(self, seen: Watched, now: Observation, epochs: float, batch: Batch, others_bytes: int = 0) -> Watched:
        """What is remembered from here on. Raises Unwell, or LossNotFinite, while no weight has changed.

        `others_bytes` of memory are held by processes that take part in the step beside this one.
        """
        if not self.is_on:
            self._refuse_not_finite(now, batch.rows)
            return seen
        gauges = self._gauges(epochs)
        gauges = gauges._replace(memory_bytes=gauges.memory_bytes + others_bytes)
        verdict = judge(seen, now, gauges, self._accepted)
        for anomaly in verdict.warnings:
            self._channel.say(alert_of(anomaly, self._job.run_id, self._job.settings.learning_rate))
        if verdict.stop is not None:
            raise unwell(self._blamed(verdict.stop, seen, now, batch), self._job)
        return verdict.watched

    def miss(self, seen: Watched, step: int, value: str) -> None:
        """The held-out loss after `step` is `value`, no number. Raises Unwell where training has brought it about.

        Where the base itself could not be measured, no remedy helps: it is said once, and training goes on.
        """
        well = seen.held_out[-1].step if seen.held_out else None
        if AnomalyKind.HELD_OUT_NOT_FINITE in self._accepted or (well is None and step > 0):
            return
        stops = self.is_on and well is not None
        anomaly = held_out_anomaly(seen, step, value, _consequence(stops, well))
        if stops:
            raise unwell(anomaly, self._job)
        self._channel.say(alert_of(anomaly, self._job.run_id, self._job.settings.learning_rate))

    def _blamed(self, anomaly: Anomaly, seen: Watched, now: Observation, batch: Batch) -> Anomaly:
        """Takes as long as one more step, or two: where every row brings it about, rows that were well decide whether
        it is the rows or the weights.
        """
        if anomaly.kind not in _NAMES_ROWS:
            return anomaly

        def brings_it_about(row: int) -> bool:
            loss, gradient_norm = batch.measure(row)
            verdict = judge(seen, now._replace(loss=loss, gradient_norm=gradient_norm), Gauges(), self._accepted)
            return verdict.stop is not None and verdict.stop.kind in _NAMES_ROWS

        alone = [row for row in batch.rows if brings_it_about(row)]
        in_doubt = len(alone) == len(batch.rows)
        if in_doubt and (not batch.well or any(map(brings_it_about, batch.well))):
            alone = []
        return blamed(anomaly, alone, batch.rows)

    def _gauges(self, epochs: float) -> Gauges:
        return Gauges(
            epochs=epochs,
            memory_bytes=used_bytes(),
            memory_limit_bytes=limit_bytes(self._job.memory_bytes),
            disk_free_bytes=free_bytes(self._run_folder),
            checkpoint_bytes=self._checkpoint_bytes,
        )

    def _refuse_not_finite(self, now: Observation, rows: Sequence[int]) -> None:
        value = not_finite(now.loss, now.gradient_norm)
        if value is not None:
            lower = self._job.settings.learning_rate / 5
            named = ", ".join(str(row) for row in rows)
            raise LossNotFinite(value=value, step=now.step, lower=lower, rows=named)


def _consequence(stops: bool, well: int | None) -> str:
    """`well` is the step of the last measurement that was a number."""
    if well is None:
        return "This is the base, before any training, so the examples are to blame. The run goes on."
    if stops:
        return f"Training stopped; the weights of step {well} still gave a number."
    return "Nothing is watched in this run, so it goes on without this measurement."


def unwell(anomaly: Anomaly, job: Job) -> Unwell:
    return Unwell(alert_of(anomaly, job.run_id, job.settings.learning_rate), anomaly)


def out_of_memory(job: Job, step: int) -> Unwell:
    """In the 1-based `step`, whose weights nothing has changed."""
    figures = {"step": str(step), "used": show_bytes(peak_bytes())}
    anomaly = Anomaly(kind=AnomalyKind.OUT_OF_MEMORY, step=step, since_step=step, figures=figures)
    return unwell(anomaly, job)
