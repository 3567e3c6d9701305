"""Which events a person should hear of, and in which words: pure, from the event and what is known of its run."""

from collections.abc import Iterator, Sequence

from luthier.domain.events import Event
from luthier.domain.health import RemedyName
from luthier.domain.notices import Notice, NoticeKind, Urgency
from luthier.domain.run_states import RunState
from luthier.domain.runs import MetricPoint, Run
from luthier.health.limits import anomaly_facts
from luthier.health.notices import notice_limits
from luthier.kit.clock import rfc3339
from luthier.kit.ids import new_id
from luthier.kit.units import show_percent

WATCHED = ("run.step", "run.state", "run.alert", "run.remedy", "run.held_out_loss")
_SECONDS_PER_HOUR = 3600


def notices_of(event: Event, run: Run, held_out: Sequence[MetricPoint]) -> list[Notice]:
    """`held_out` is the course of the held-out loss. Hearing of the same again gives notices with the same keys."""
    match event.kind:
        case "run.step":
            return [*_milestones(event, run), *_over_budget(event, run)]
        case "run.state":
            return list(_turns(event, run))
        case "run.alert":
            return [_anomaly(event, run)]
        case "run.remedy" if event.author == "supervisor":  # a person who chose one knows it
            return [_remedy(event, run)]
        case "run.held_out_loss":
            return list(_worse_than_before(event, run, held_out))
        case _:
            return []


def _notice(event: Event, run: Run, key: str, kind: NoticeKind, urgency: Urgency, words: tuple[str, str]) -> Notice:
    title, sentence = words
    return Notice(
        notice_id=new_id("note"),
        key=f"{run.run_id}:{key}",
        at=event.at,
        kind=kind,
        urgency=urgency,
        title=title,
        sentence=sentence,
        run_id=run.run_id,
        run_name=run.name,
    )


def _moment(event: Event) -> str:
    """Names an event for good: its number changes when a database is made anew."""
    return rfc3339(event.at)


def _milestones(event: Event, run: Run) -> Iterator[Notice]:
    """All that have been reached: a short run may pass two with one step."""
    step, total = event.body["step"], event.body["total_steps"]
    for percent in notice_limits().milestones.percent:
        if total and step * 100 >= percent * total:
            words = (f"{run.name}: {percent} %", f"Step {step} of {total}, loss {event.body['loss']:.4f}.")
            yield _notice(event, run, f"milestone:{percent}", "milestone", Urgency.LOW, words)


def _over_budget(event: Event, run: Run) -> Iterator[Notice]:
    """What the recipe allows has been used up; planning keeps within it, and machines are sometimes slower."""
    budget, plan = run.recipe.budget, run.plan
    hours = run.training_seconds / _SECONDS_PER_HOUR
    if budget.hours and hours >= budget.hours:
        words = (
            f"{run.name}: the time is used up",
            f"It has trained for the {budget.hours:g} h that its budget allows.",
        )
        yield _notice(event, run, "cost:hours", "cost_limit", Urgency.URGENT, words)
    if budget.money and plan.costs and plan.duration.middle > 0:
        spent = plan.costs.electricity.middle * run.training_seconds / plan.duration.middle
        if spent >= budget.money:
            currency = plan.costs.electricity.currency
            sentence = f"Its electricity has cost about {spent:.2f} {currency} of the {budget.money:.2f} that it may."
            words = (f"{run.name}: the money is used up", sentence)
            yield _notice(event, run, "cost:money", "cost_limit", Urgency.URGENT, words)


def _turns(event: Event, run: Run) -> Iterator[Notice]:
    state, cause = event.body["state"], event.body["cause"]
    if state == RunState.FAILED:
        yield _notice(event, run, f"failed:{_moment(event)}", "failed", Urgency.URGENT, (f"{run.name} failed", cause))
    elif state == RunState.PAUSED and event.author == "worker" and run.problem is not None:
        words = (f"{run.name} stands still", run.problem.sentence)
        yield _notice(event, run, f"parked:{_moment(event)}", "parked", Urgency.URGENT, words)
    elif state == RunState.COMPLETED:
        words = (f"{run.name} is completed", f"{_result(run)}{cause[:1].upper()}{cause[1:]}.")
        yield _notice(event, run, f"completed:{_moment(event)}", "completed", Urgency.NORMAL, words)
        if _is_worse(run):
            words = (f"{run.name}: the base was better", f"{_result(run)}The tuned model should not replace it.")
            yield _notice(event, run, f"quality:{_moment(event)}", "quality_drop", Urgency.URGENT, words)


def _is_worse(run: Run) -> bool:
    """By its answers where they were scored, else by the held-out loss or the reward."""
    summary = run.summary
    if summary.get("tuned_reward") is not None:
        return bool(summary["tuned_reward"] < summary["base_reward"])
    if summary.get("tuned_share") is not None and summary.get("base_share") is not None:
        return bool(summary["tuned_share"] < summary["base_share"])
    tuned, base = summary.get("tuned_loss"), summary.get("base_loss")
    return tuned is not None and base is not None and bool(tuned > base)


def _result(run: Run) -> str:
    base, tuned = run.summary.get("base_share"), run.summary.get("tuned_share")
    if base is None or tuned is None:
        return ""
    return f"{show_percent(tuned)} of the held-out answers are right, {show_percent(base)} before. "


def _anomaly(event: Event, run: Run) -> Notice:
    """By its step, so that a step that is done again after a kill does not tell of it again."""
    step, code = event.body.get("step"), event.body["code"]
    key = f"alert:{code}:{step}" if step is not None and event.author == "worker" else f"alert:{_moment(event)}"
    where = f" at step {step}" if step else ""
    return _notice(event, run, key, "anomaly", Urgency.NORMAL, (f"{run.name}: an alert{where}", event.body["sentence"]))


def _remedy(event: Event, run: Run) -> Notice:
    body = event.body
    done = anomaly_facts().remedies[RemedyName(body["remedy"])].label
    sentence = f"{body['cause']} It goes on from step {body['after_step']}."
    return _notice(event, run, f"remedy:{_moment(event)}", "anomaly", Urgency.NORMAL, (f"{run.name}: {done}", sentence))


def _worse_than_before(event: Event, run: Run, held_out: Sequence[MetricPoint]) -> Iterator[Notice]:
    """Once for each best: it is told anew only after the loss has been better than ever."""
    step, loss = event.body["step"], event.body["loss"]
    before = [point for point in held_out if point.step < step]
    if not before:
        return
    best = min(before, key=lambda point: point.value)
    if loss > best.value * (1 + notice_limits().quality_drop.share):
        sentence = (
            f"The held-out loss is {loss:.4f} after step {step}, and was {best.value:.4f} after step {best.step}: "
            "the model may be learning its examples by heart."
        )
        words = (f"{run.name}: the held-out loss rises", sentence)
        yield _notice(event, run, f"quality:{best.step}", "quality_drop", Urgency.NORMAL, words)
