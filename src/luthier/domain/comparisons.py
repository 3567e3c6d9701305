"""Runs side by side: what each reached and took, which did best, what their recipes have in common and what not."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Literal, NamedTuple

from luthier.domain.amounts import Unit
from luthier.domain.errors import Action, WrongUsage
from luthier.domain.evaluations import Comparison
from luthier.domain.run_states import RunState
from luthier.domain.runs import Run
from luthier.domain.spending import really
from luthier.kit.frozen import Frozen

FEWEST, MOST = 2, 5

Axis = Literal["step", "tokens", "seconds"]


class Metric(Frozen):
    """One figure of every run, in the order of the runs."""

    name: str
    label: str
    unit: Unit
    currency: str = ""  # of money
    better: Literal["lower", "higher"] | None  # None where neither is
    values: tuple[float | None, ...]
    best: tuple[int, ...] = ()  # positions of the best; empty where nothing can be said


class Difference(Frozen):
    """A value of the recipes or plans that is not the same in all runs."""

    name: str
    values: tuple[Any, ...]


class Verdict(Frozen):
    """Two runs on the held-out examples that both answered: the first one has more right answers."""

    better: int  # positions of the runs
    worse: int
    comparison: Comparison  # the worse one stands as its base


class RunComparison(Frozen):
    runs: tuple[Run, ...]
    metrics: tuple[Metric, ...]
    differences: tuple[Difference, ...]
    verdicts: tuple[Verdict, ...]
    doubts: tuple[str, ...]  # what makes some figures incomparable, in sentences

    def sentence_of(self, verdict: Verdict) -> str:
        found, names = verdict.comparison, [run.name for run in self.runs]
        interval = found.difference_interval
        return (
            f"{names[verdict.better]} is better than {names[verdict.worse]}: {100 * found.difference:.1f} points more "
            f"right on the same {found.tuned.total} held-out examples, between {100 * interval.low:.1f} and "
            f"{100 * interval.high:.1f} with {interval.confidence:.0%} confidence."
        )


class RunCurve(Frozen):
    """One metric of one run, `(place on the axis, mean of the points up to it)`; None where none is finite."""

    run_id: str
    points: tuple[tuple[float, float | None], ...]


class RunsToCompare(WrongUsage):
    code = "runs.to_compare"
    sentence = "Two to five different runs can be compared, not {count}."
    actions = (
        Action(label="Name the runs", command="luthier runs compare RUN RUN"),
        Action(label="See all runs", command="luthier runs list"),
    )


class _Figure(NamedTuple):
    """How one metric is read from a run and the newest of what was measured in it, by name."""

    name: str
    label: str
    unit: Unit
    better: Literal["lower", "higher"] | None
    of: Callable[[Run, Mapping[str, float]], float | None]
    needs: Literal["", "alike", "done"] = ""  # runs on the same task, or that went to their end, to be held against


def _energy(run: Run) -> float | None:
    return really(run, run.plan.costs.energy) if run.plan.costs else None


def _co2e(run: Run) -> float | None:
    return really(run, run.plan.costs.co2e) if run.plan.costs else None


def _electricity(run: Run) -> float | None:
    return really(run, run.plan.costs.electricity) if run.plan.costs else None


_FIGURES = (
    _Figure("right", "Right answers", "share", "higher", lambda run, _: run.summary.get("tuned_share"), "alike"),
    _Figure("held_out_loss", "Held-out loss", "", "lower", lambda _, newest: newest.get("held_out_loss"), "alike"),
    _Figure("loss", "Training loss", "", "lower", lambda run, _: run.loss, "alike"),
    _Figure("steps", "Steps", "", None, lambda run, _: run.step),
    _Figure("training_seconds", "Trained for", "seconds", "lower", lambda run, _: run.training_seconds or None, "done"),
    _Figure("tokens_per_second", "Speed", "tokens/s", "higher", lambda run, _: run.tokens_per_second),
    _Figure("peak_memory_bytes", "Memory, at its peak", "bytes", "lower", lambda run, _: run.peak_rss_bytes),
    _Figure("energy", "Energy, estimated", "kWh", "lower", lambda run, _: _energy(run), "done"),
    _Figure("electricity", "Electricity, estimated", "money", "lower", lambda run, _: _electricity(run), "done"),
    _Figure("co2e", "CO2e, estimated", "kgCO2e", "lower", lambda run, _: _co2e(run), "done"),
)
ORDERS = tuple(figure.name for figure in _FIGURES)


def metrics_of(runs: Sequence[Run], newest: Sequence[Mapping[str, float]]) -> tuple[Metric, ...]:
    """`newest` holds, for each run, the newest value of each metric by its name. What no run has is left out."""
    done = all(run.state is RunState.COMPLETED for run in runs)
    met = {"": True, "alike": not _doubts(runs), "done": done}
    seen = list(zip(runs, newest, strict=True))
    currencies = {run.plan.costs.electricity.currency for run in runs if run.plan.costs}
    shown = [figure for figure in _FIGURES if figure.unit != "money" or len(currencies) == 1]  # else incomparable
    rows = ((figure, tuple(figure.of(run, known) for run, known in seen)) for figure in shown)
    return tuple(
        Metric(
            name=figure.name,
            label=figure.label,
            unit=figure.unit,
            currency=min(currencies) if figure.unit == "money" else "",
            better=figure.better,
            values=values,
            best=_best(values, figure.better) if met[figure.needs] else (),
        )
        for figure, values in rows
        if any(value is not None for value in values)
    )


def differences_of(runs: Sequence[Run]) -> tuple[Difference, ...]:
    """Values of recipes and plans that are not the same in all; what a run does not have is None."""
    valued = [_values_of(run) for run in runs]
    names = dict.fromkeys(name for values in valued for name in values)
    rows = (Difference(name=name, values=tuple(values.get(name) for values in valued)) for name in names)
    return tuple(row for row in rows if any(value != row.values[0] for value in row.values))


def doubts_about(runs: Sequence[Run]) -> tuple[str, ...]:
    """Why losses and shares of these runs must not be held against each other."""
    sentence = "They differ in {what}, so their losses and shares of right answers do not mean the same."
    return tuple(sentence.format(what=what) for what in _doubts(runs))


def _doubts(runs: Sequence[Run]) -> list[str]:
    looks: dict[str, Callable[[Run], object]] = {
        "the examples": lambda run: (run.dataset_id, run.plan.held_out),
        "the base model": lambda run: (run.recipe.base, run.base_revision),
        "the method": lambda run: run.recipe.method,
    }
    return [what for what, look in looks.items() if len({look(run) for run in runs}) > 1]


def _best(values: Sequence[float | None], better: Literal["lower", "higher"] | None) -> tuple[int, ...]:
    known = [value for value in values if value is not None]
    if better is None or len(known) < len(values) or len(set(known)) == 1:
        return ()
    record = min(known) if better == "lower" else max(known)
    return tuple(place for place, value in enumerate(values) if value == record)


def _values_of(run: Run) -> dict[str, Any]:
    recipe = run.recipe
    own = {
        "base": recipe.base,
        "data": recipe.data,
        "method": recipe.method,
        "adapter": recipe.adapter.kind,
        "profiles": ", ".join(recipe.profiles) or None,
    }
    return own | {decision.name: decision.value for decision in run.plan.decisions}
