"""The detectors: each a pure function of what was remembered and what is seen now, in one table, gravest first."""

import math
from collections.abc import Callable
from statistics import median
from typing import NamedTuple

from luthier.domain.health import AnomalyKind
from luthier.health.limits import DetectorLimits, anomaly_facts
from luthier.health.losses import not_finite
from luthier.health.watched import Observation, Watched, log_of, noise_of
from luthier.kit.units import show_bytes, show_count, show_percent


class Gauges(NamedTuple):
    """Of the machine and of the data, at the same moment; 0 is not known."""

    epochs: float = 0.0  # that are done
    memory_bytes: int = 0  # of the worker
    memory_limit_bytes: int = 0  # of what it may use
    disk_free_bytes: int = 0
    checkpoint_bytes: int = 0


class Sign(NamedTuple):
    """What gave an anomaly away."""

    figures: dict[str, str]  # that fill its sentence
    metric: str


class Moment(NamedTuple):
    seen: Watched  # all steps before this one
    after: Watched  # with this one, where it is finite
    now: Observation
    gauges: Gauges
    limits: DetectorLimits

    def since_start(self, stretch: int) -> float | None:
        """By how much, as a log, the last losses lie above the first ones."""
        level = self.seen.level(stretch)
        return None if level is None or self.seen.start is None else level - self.seen.start


Detector = Callable[[Moment], Sign | None]


def not_a_number(moment: Moment) -> Sign | None:
    value = not_finite(moment.now.loss, moment.now.gradient_norm)
    return Sign({"value": value}, "loss") if value is not None else None


def spike(moment: Moment) -> Sign | None:
    limits, seen, loss = moment.limits.spike, moment.seen, moment.now.loss
    level = seen.level(limits.stretch)
    if level is None or len(seen.window) < limits.fewest_steps or loss <= limits.above_highest * seen.highest_loss:
        return None
    if log_of(loss) - level <= limits.noise * seen.noise:
        return None
    return Sign({"loss": f"{loss:.4g}", "times": f"{loss / seen.highest_loss:.3g}"}, "loss")


def divergence(moment: Moment) -> Sign | None:
    limits = moment.limits.divergence
    after = moment.after
    level = after.level(limits.stretch)
    if level is None or after.start is None or after.lowest is None or len(after.window) < 2 * limits.stretch:
        return None
    if after.rise() <= 1 or level < after.start + math.log(limits.of_start):
        return None
    figures = {"lowest": _loss(after.lowest), "loss": _loss(level), "since": str(after.calm_step + 1)}
    return Sign(figures, "loss")


def exploding_gradient(moment: Moment) -> Sign | None:
    limits, seen, norm = moment.limits.exploding_gradient, moment.seen, moment.now.gradient_norm
    if len(seen.window) < limits.fewest_steps:
        return None
    logs = [log_of(each.gradient_norm) for each in seen.window]
    usual, noise = median(logs), noise_of(logs)
    least = max(math.log(limits.above_median), limits.noise * noise)
    if log_of(norm) - usual <= least or norm <= limits.above_highest * seen.highest_norm:
        return None
    return Sign({"norm": f"{norm:.3g}", "times": f"{norm / math.exp(usual):.3g}"}, "gradient_norm")


def memory_high(moment: Moment) -> Sign | None:
    used, most = moment.gauges.memory_bytes, moment.gauges.memory_limit_bytes
    if not most or used <= moment.limits.memory_high.share * most:
        return None
    return Sign({"used": show_bytes(used), "most": show_bytes(most)}, "rss_bytes")


def disk_low(moment: Moment) -> Sign | None:
    limits, free = moment.limits.disk_low, moment.gauges.disk_free_bytes
    needed = limits.checkpoints * moment.gauges.checkpoint_bytes + limits.spare_bytes
    if not free or free >= needed:
        return None
    return Sign({"free": show_bytes(free), "needed": show_bytes(needed)}, "disk_free_bytes")


def vanishing_gradient(moment: Moment) -> Sign | None:
    limits, seen = moment.limits.vanishing_gradient, moment.seen
    fallen = moment.since_start(limits.stretch)
    if fallen is None or len(seen.window) < 2 * limits.stretch or not seen.start_norm:
        return None
    norm = median(each.gradient_norm for each in seen.window[-limits.stretch :])
    if norm >= limits.of_start * seen.start_norm or fallen < math.log(limits.loss_of_start):
        return None
    figures = {"norm": f"{norm:.2g}", "share": f"{norm / seen.start_norm:.1g}", "loss": _loss(seen.level(10))}
    return Sign(figures, "gradient_norm")


def overfitting(moment: Moment) -> Sign | None:
    limits, seen = moment.limits.overfitting, moment.seen
    recent = seen.held_out[-limits.measurements :]
    level = seen.level(limits.stretch)
    if len(seen.held_out) <= limits.measurements or level is None:
        return None
    best = min(seen.held_out, key=lambda point: point.value)
    if any(point.value <= best.value * (1 + limits.rise) for point in recent):
        return None
    if level >= log_of(best.value * (1 - limits.rise)):
        return None
    figures = {"lowest": f"{best.value:.4g}", "best": str(max(1, best.step)), "loss": f"{recent[-1].value:.4g}"}
    return Sign({**figures, "trained": _loss(level)}, "held_out_loss")


def plateau(moment: Moment) -> Sign | None:
    limits, seen = moment.limits.plateau, moment.seen
    idle = moment.now.step - seen.improved_at
    if seen.improved_to is None or idle < limits.steps or moment.now.rate_share < limits.rate_share:
        return None
    return Sign({"steps": show_count(idle), "loss": _loss(seen.level(10))}, "loss")


def throughput_drop(moment: Moment) -> Sign | None:
    limits = moment.limits.throughput_drop
    rates = [each.tokens_per_second for each in moment.seen.window if each.tokens_per_second > 0]
    if len(rates) < limits.fewest_steps:
        return None
    recent, before = median(rates[-limits.stretch :]), median(rates[: -limits.stretch])
    if recent >= limits.share * before:
        return None
    return Sign({"rate": show_count(recent), "share": show_percent(recent / before)}, "tokens_per_second")


def data_exhausted(moment: Moment) -> Sign | None:
    limits = moment.limits.data_exhausted
    fallen = moment.since_start(limits.stretch)
    if fallen is None or moment.gauges.epochs < limits.epochs or fallen > math.log(limits.loss_of_start):
        return None
    return Sign({"epochs": f"{moment.gauges.epochs:.3g}", "loss": _loss(moment.seen.level(limits.stretch))}, "loss")


DETECTORS: dict[AnomalyKind, Detector] = {
    AnomalyKind.NOT_FINITE: not_a_number,
    AnomalyKind.SPIKE: spike,
    AnomalyKind.EXPLODING_GRADIENT: exploding_gradient,
    AnomalyKind.DIVERGENCE: divergence,
    AnomalyKind.MEMORY_HIGH: memory_high,
    AnomalyKind.DISK_LOW: disk_low,
    AnomalyKind.VANISHING_GRADIENT: vanishing_gradient,
    AnomalyKind.OVERFITTING: overfitting,
    AnomalyKind.PLATEAU: plateau,
    AnomalyKind.THROUGHPUT_DROP: throughput_drop,
    AnomalyKind.DATA_EXHAUSTED: data_exhausted,
}


def moment_of(seen: Watched, now: Observation, gauges: Gauges) -> Moment:
    finite = not_finite(now.loss, now.gradient_norm) is None
    return Moment(seen, seen.after(now) if finite else seen, now, gauges, anomaly_facts().detectors)


def _loss(level: float | None) -> str:
    return "unknown" if level is None else f"{math.exp(level):.4g}"
