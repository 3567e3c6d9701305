"""A run's metrics as pictures and scripts need them: in few buckets or few points, with bounded memory."""

from collections.abc import Collection, Iterator
from itertools import groupby, islice

from luthier.domain.curves import Bucket, Curve, Mark, StepRange
from luthier.domain.events import Event
from luthier.domain.runs import MetricPoint
from luthier.health.trends import zones_of
from luthier.store import Store

_MOST_MARKS = 1_000  # the newest; more could not be told apart
LOSSES = frozenset({"loss", "held_out_loss"})


class Curves:
    def __init__(self, store: Store) -> None:
        self._store = store

    def curves(self, reference: str, names: Collection[str], steps: StepRange, most_buckets: int) -> list[Curve]:
        """One per name that was measured at all, each in at most `most_buckets` buckets (at least 2).

        All share one width, a power of two, so that a curve that grows is not cut anew with every step.
        """
        with self._store.reading() as tx:
            run_id = tx.runs.find(reference).run_id
            extents = {name: extent for name in names if (extent := tx.metrics.extent(run_id, name)) is not None}
            if not extents:
                return []
            last = max(end for _, end in extents.values())
            first = max(steps.first_step, min(start for start, _ in extents.values()))
            width = width_for(first, last if steps.last_step is None else min(last, steps.last_step), most_buckets)
            found = {name: tx.metrics.buckets(run_id, name, steps, width) for name in extents}
        return [_curve(name, width, buckets) for name, buckets in found.items()]

    def thinned(
        self, reference: str, names: Collection[str] | None, after_step: int, most_points: int
    ) -> dict[str, list[MetricPoint]]:
        """At most so many (at least 4) of each metric's points, none invented: the first and the last are among them,
        and of each stretch in between the lowest and the highest."""
        with self._store.reading() as tx:
            run_id = tx.runs.find(reference).run_id
            counts = tx.metrics.counts(run_id, names, after_step)
            points = tx.metrics.by_name(run_id, names, after_step)
            return {
                name: list(thin(curve, counts[name], most_points))
                for name, curve in groupby(points, key=lambda point: point.name)
            }

    def sketch(self, reference: str, name: str, most: int) -> list[float]:
        """The course of a metric in at most `most` means, for a small picture."""
        curves = self.curves(reference, (name,), StepRange(), most)
        return [bucket.mean for curve in curves for bucket in curve.buckets if bucket.mean is not None]

    def marks(self, reference: str) -> list[Mark]:
        """What is drawn on a curve: the checkpoints that are kept, alerts, and changes of state, by step."""
        with self._store.reading() as tx:
            run_id = tx.runs.find(reference).run_id
            checkpoints = tx.checkpoints.list(run_id)
            events = tx.events.newest(run_id, ("run.alert", "run.state"), _MOST_MARKS)
        marks = [Mark(step=each.step, kind="checkpoint", label="checkpoint") for each in checkpoints]
        marks += [mark for event in events if (mark := _mark(event)) is not None]
        return sorted(marks, key=lambda mark: mark.step)

    def latest(self, reference: str, names: Collection[str]) -> dict[str, MetricPoint]:
        with self._store.reading() as tx:
            return tx.metrics.latest(tx.runs.find(reference).run_id, names)


def width_for(first_step: int, last_step: int, most_buckets: int) -> int:
    """The smallest power of two that cuts the range into at most `most_buckets` buckets."""
    width = 1
    while last_step // width - first_step // width + 1 > most_buckets:
        width *= 2
    return width


def thin(points: Iterator[MetricPoint], count: int, most: int) -> Iterator[MetricPoint]:
    if count <= most:
        yield from points
        return
    yield next(points)
    inner, stretches = count - 2, (most - 2) // 2
    for number in range(stretches):
        length = (number + 1) * inner // stretches - number * inner // stretches
        yield from _extremes(islice(points, length))
    yield from points


def _extremes(stretch: Iterator[MetricPoint]) -> list[MetricPoint]:
    """The lowest and the highest, in their order; one point when they are the same."""
    lowest = highest = next(stretch)
    for point in stretch:
        if point.value < lowest.value:
            lowest = point
        elif point.value > highest.value:
            highest = point
    return sorted({lowest.step: lowest, highest.step: highest}.values(), key=lambda point: point.step)


def _mark(event: Event) -> Mark | None:
    """None for what belongs to no step: the moves before training, and what was noted before steps were."""
    step = event.body.get("step")
    if not step:
        return None
    if event.kind == "run.alert":
        return Mark(step=step, kind="alert", label=event.body["sentence"])
    return Mark(step=step, kind="state", label=f"{event.body['state']}: {event.body['cause']}")


def _curve(name: str, width: int, buckets: list[Bucket]) -> Curve:
    zones = zones_of(buckets) if name in LOSSES else ()
    return Curve(
        name=name,
        points=sum(bucket.points for bucket in buckets),
        bucket_steps=width,
        buckets=tuple(buckets),
        zones=zones,
    )
