"""How things are worded on the pages: states, amounts, moments. A state is always a word; its tone only colours it."""

from collections.abc import Callable
from datetime import datetime
from typing import Any, NamedTuple

from luthier.domain.amounts import show_amount, show_estimate, show_money
from luthier.domain.findings import Level
from luthier.domain.kept_settings import shown
from luthier.domain.plans import Estimate
from luthier.domain.recipes import Method
from luthier.domain.run_states import RunState
from luthier.kit.clock import rfc3339
from luthier.kit.units import show_bytes, show_count, show_duration, show_percent


class StateWord(NamedTuple):
    word: str
    tone: str  # "idle", "busy", "wait", "good" or "bad"
    meaning: str


STATE_WORDS: dict[RunState, StateWord] = {
    RunState.CREATED: StateWord("created", "idle", "It has not been queued yet."),
    RunState.QUEUED: StateWord("queued", "wait", "It starts when its turn comes."),
    RunState.PREPARING: StateWord("preparing", "busy", "The worker loads the model and checks the examples."),
    RunState.RUNNING: StateWord("running", "busy", "The worker is training."),
    RunState.PAUSING: StateWord("pausing", "wait", "It ends its step and saves a checkpoint."),
    RunState.PAUSED: StateWord("paused", "wait", "Everything is kept; it can go on from here."),
    RunState.EVALUATING: StateWord("evaluating", "busy", "Base and tuned model answer the held-out examples."),
    RunState.COMPLETING: StateWord("completing", "busy", "The answers are scored and the version is registered."),
    RunState.COMPLETED: StateWord("completed", "good", "The adapter is ready."),
    RunState.FAILED: StateWord("failed", "bad", "It could not go on; the reason and the way out are below."),
    RunState.CANCELLED: StateWord("cancelled", "idle", "It was ended before it was done."),
}

METHOD_NAMES: dict[Method, str] = {
    "sft": "SFT",
    "cpt": "continued pretraining",
    "dpo": "DPO",
    "ipo": "IPO",
    "simpo": "SimPO",
    "orpo": "ORPO",
    "kto": "KTO",
    "reward": "reward modelling",
    "grpo": "GRPO",
}

LEVEL_TONES: dict[Level, str] = {Level.ERROR: "bad", Level.WARNING: "warn", Level.NOTE: "info"}


def ago(moment: datetime, now: datetime) -> str:
    seconds = max(0.0, (now - moment).total_seconds())
    if seconds < 5:
        return "just now"
    for size, unit in ((86400, "d"), (3600, "h"), (60, "min"), (1, "s")):
        if seconds >= size:
            return f"{seconds // size:.0f} {unit} ago"
    raise AssertionError(seconds)


def moment(value: datetime) -> str:
    """In the time zone of this machine, which is where the page is read unless someone says otherwise."""
    local = value.astimezone()
    return f"{local:%d %b %Y, %H:%M:%S} {local:%Z}"


def log_time(value: datetime) -> str:
    return f"{value.astimezone():%H:%M:%S}"


def value_of(value: Any) -> str:
    """A setting's value: no noise digits, booleans as words."""
    match value:
        case None:
            return "none"
        case bool():
            return "yes" if value else "no"
        case float():
            return f"{value:g}"
        case tuple() | list():
            return ", ".join(str(item) for item in value)
        case _:
            return str(value)


def loss(value: float | None) -> str:
    return "–" if value is None else f"{value:.4f}" if value < 1 else f"{value:.3f}"


def rate(tokens_per_second: float | None) -> str:
    return "–" if tokens_per_second is None else f"{show_count(tokens_per_second)} tok/s"


def estimate(value: Estimate) -> str:
    """A range with one unit, e.g. `1.2 to 1.9 GB`."""
    match value.unit:
        case "bytes":
            return byte_span(value.low, value.high)
        case "seconds":
            return time_span(value.low, value.high)
        case _:
            return show_estimate(value)


def time_span(low: float, high: float) -> str:
    """In the unit of its upper end, e.g. `1.1 to 1.6 min`."""
    unit, seconds, digits = ("s", 1, 0) if high < 90 else ("min", 60, 1) if high < 5400 else ("h", 3600, 1)
    return _range(f"{low / seconds:.{digits}f}", f"{high / seconds:.{digits}f}", unit)


def byte_span(low: float, high: float) -> str:
    first, last = show_bytes(low).split(" "), show_bytes(high).split(" ")
    if first[1] == last[1]:
        return _range(first[0], last[0], last[1])
    return f"{' '.join(first)} to {' '.join(last)}"


def _range(first: str, last: str, unit: str) -> str:
    return f"about {last} {unit}" if first == last else f"{first} to {last} {unit}"


def plural(count: int, one: str, many: str | None = None) -> str:
    return f"{show_count(count)} {one if count == 1 else many or one + 's'}"


FILTERS: dict[str, Callable[..., Any]] = {
    "ago": ago,
    "moment": moment,
    "machine_time": rfc3339,
    "log_time": log_time,
    "value_of": value_of,
    "loss": loss,
    "rate": rate,
    "estimate": estimate,
    "time_span": lambda span: time_span(span.low, span.high),
    "money": show_money,
    "method_name": lambda method: METHOD_NAMES[method],
    "plural": plural,
    "typed_setting": shown,
    "amount": show_amount,
    "bytes": show_bytes,
    "count": show_count,
    "duration": show_duration,
    "percent": show_percent,
    "state_word": lambda state: STATE_WORDS[state],
    "level_tone": lambda level: LEVEL_TONES[level],
}
