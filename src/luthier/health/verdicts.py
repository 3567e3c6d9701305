"""From one more observation to what is to be said and whether to stop, and to the words of it."""

import math
import shlex
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from statistics import median

from luthier.domain.errors import Action, Problem
from luthier.domain.health import Anomaly, AnomalyFound, AnomalyKind, Evidence, Offer, Point, RemedyName
from luthier.domain.jobs import Alert
from luthier.health.detectors import DETECTORS, Gauges, Moment, Sign, moment_of
from luthier.health.limits import anomaly_facts
from luthier.health.watched import Observation, Watched

_EVIDENCE_POINTS = 40
_OF_THE_WINDOW = {
    "loss": lambda seen: seen.loss,
    "gradient_norm": lambda seen: seen.gradient_norm,
    "tokens_per_second": lambda seen: seen.tokens_per_second,
}


@dataclass(frozen=True)
class Verdict:
    """`stop` is the anomaly that forbids the update, if any; `watched` goes on without it."""

    watched: Watched
    warnings: tuple[Anomaly, ...] = ()
    stop: Anomaly | None = None


def judge(seen: Watched, now: Observation, gauges: Gauges, accepted: Collection[AnomalyKind] = ()) -> Verdict:
    """`accepted` kinds stop nothing any more."""
    moment = moment_of(seen, now, gauges)
    warnings: list[Anomaly] = []
    said: list[AnomalyKind] = []
    for kind, detect in DETECTORS.items():
        sign = None if kind in accepted else detect(moment)
        if sign is None:
            continue
        anomaly = _anomaly(kind, sign, moment)
        if anomaly_facts().kinds[kind].stops:
            return Verdict(seen, stop=anomaly)
        said.append(kind)
        if kind not in seen.said:
            warnings.append(anomaly)
    return Verdict(moment.after.model_copy(update={"said": tuple(said)}), tuple(warnings))


def _anomaly(kind: AnomalyKind, sign: Sign, moment: Moment) -> Anomaly:
    seen, now = moment.seen, moment.now
    since = moment.after.calm_step if kind is AnomalyKind.DIVERGENCE else seen.healthy_until
    return Anomaly(
        kind=kind,
        step=now.step,
        since_step=since + 1,
        figures={"step": str(now.step), "blame": "", **sign.figures},
        usual_norm=median(each.gradient_norm for each in seen.window) if seen.window else None,
        evidence=_evidence(sign.metric, seen, now),
    )


def held_out_anomaly(seen: Watched, step: int, value: str, blame: str) -> Anomaly:
    """Weights are in doubt since the last measurement that was a number."""
    return Anomaly(
        kind=AnomalyKind.HELD_OUT_NOT_FINITE,
        step=step,
        since_step=seen.held_out[-1].step + 1 if seen.held_out else 1,
        figures={"step": str(step), "value": value, "blame": blame},
        usual_norm=median(each.gradient_norm for each in seen.window) if seen.window else None,
        evidence=Evidence(metric="held_out_loss", points=seen.held_out[-_EVIDENCE_POINTS:]),
    )


def _evidence(metric: str, seen: Watched, now: Observation) -> Evidence:
    if metric == "held_out_loss":
        return Evidence(metric=metric, points=seen.held_out[-_EVIDENCE_POINTS:])
    if metric not in _OF_THE_WINDOW:
        return Evidence(metric=metric)
    points = [Point(each.step, _OF_THE_WINDOW[metric](each)) for each in (*seen.window, now)]
    return Evidence(metric=metric, points=tuple(p for p in points[-_EVIDENCE_POINTS:] if math.isfinite(p.value)))


def sentence_of(anomaly: Anomaly) -> str:
    return anomaly_facts().kinds[anomaly.kind].sentence.format(**anomaly.figures).strip()


def blamed(anomaly: Anomaly, alone: Sequence[int], rows: Sequence[int]) -> Anomaly:
    """`alone` are those of the step's `rows` that bring it about by themselves."""
    numbers = ", ".join(map(str, alone or rows))
    blame = f"Row {numbers} alone brings it about." if len(alone) == 1 else f"Rows {numbers} bring it about."
    if not alone:
        blame = f"None of its rows, {numbers}, brings it about alone."
    figures = {**anomaly.figures, "blame": blame}
    return anomaly.model_copy(update={"rows": tuple(alone or rows), "alone": bool(alone), "figures": figures})


def alert_of(anomaly: Anomaly, run_id: str, learning_rate: float) -> Alert:
    """In words: what happened, why it may have happened, and what a person can do besides a remedy."""
    facts = anomaly_facts().kinds[anomaly.kind]
    values = {"run": run_id, "lower": f"{learning_rate / 3:.2g}", "higher": f"{learning_rate * 2:.2g}"}
    values |= anomaly.figures
    advice = (
        Action(label=each.label.format(**values), command=each.command.format(**values) if each.command else None)
        for each in facts.advice
    )
    return Alert(
        code=f"health.{anomaly.kind.value}",
        sentence=sentence_of(anomaly),
        actions=tuple(advice),
        step=anomaly.step,
        causes=facts.causes,
        anomaly=anomaly,
    )


def problem_of(anomaly: Anomaly, run: str) -> Problem:
    """Why a run rests, with its remedies as actions."""
    problem = AnomalyFound(sentence=sentence_of(anomaly), run=run).problem
    remedies = tuple(
        Action(label=offer.label, command=f"luthier runs remedy {shlex.quote(run)} {offer.remedy.value}")
        for offer in offers_of(anomaly.kind)
    )
    return problem.model_copy(update={"actions": (*remedies, *problem.actions[:1])})


def offers_of(kind: AnomalyKind) -> tuple[Offer, ...]:
    facts = anomaly_facts()
    return tuple(
        Offer(remedy=name, label=facts.remedies[name].label, meaning=facts.remedies[name].meaning)
        for name in facts.kinds[kind].offers
    )


def next_by_itself(anomaly: Anomaly, tried: int) -> RemedyName | None:
    """What the policy `automatic` does, after `tried` remedies against this kind that left out no rows by number."""
    ladder = anomaly_facts().kinds[anomaly.kind].automatic
    if anomaly.alone and RemedyName.SKIP_BATCH in ladder:
        return RemedyName.SKIP_BATCH
    return ladder[min(tried, len(ladder) - 1)] if ladder else None
