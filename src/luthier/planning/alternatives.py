"""Other plans for the same task: faster, cheaper, better; each says what it changes and what that takes."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal

from luthier.domain.errors import LuthierError
from luthier.domain.plans import Alternative, Change, Plan
from luthier.domain.recipes import Recipe
from luthier.planning.budgets import Resolve, keeps_to

_MOST_EPOCHS = 100.0
_HIGHEST_RANK = 1024


@dataclass(frozen=True)
class _Idea:
    name: Literal["faster", "cheaper", "better"]
    sentence: str
    time: float  # times as many steps
    rank: float  # times the adapter's rank, where it has one


_IDEAS = (
    _Idea("faster", "Half the steps: each example is seen half as often.", 0.5, 1),
    _Idea("cheaper", "A third of the steps, half the rank: enough to see whether it can be learnt.", 1 / 3, 0.5),
    _Idea("better", "Half as many steps again and twice the rank: more is learnt, if the examples hold more.", 1.5, 2),
)


def alternatives_to(plan: Plan, recipe: Recipe, resolve: Resolve) -> tuple[Alternative, ...]:
    """One of each name. Where twice the rank does not fit, it stays."""
    return tuple(alternative for idea in _IDEAS for alternative in _tried(idea, plan, recipe, resolve))


def _tried(idea: _Idea, plan: Plan, recipe: Recipe, resolve: Resolve) -> Iterator[Alternative]:
    for rank in (idea.rank, 1.0):
        changes = dict(_changes(idea, plan, rank))
        try:
            other = resolve(_with(recipe, changes))
        except LuthierError:
            continue
        assert other.costs is not None
        yield Alternative(
            name=idea.name,
            sentence=" ".join(_sentences(idea, rank, keeps_to(recipe.budget, other))),
            changes=tuple(
                Change(setting=name, before=_before(plan, name), after=_text(value)) for name, value in changes.items()
            ),
            options=tuple(part for name, value in changes.items() for part in ("--set", f"{name}={_text(value)}")),
            memory=other.memory,
            duration=other.duration,
            costs=other.costs,
        )
        return


def _sentences(idea: _Idea, rank: float, is_within_budget: bool) -> Iterator[str]:
    yield idea.sentence
    if rank != idea.rank:
        yield "Memory does not allow more rank."
    if not is_within_budget:
        yield "It goes beyond your budget."


def _text(value: float) -> str:
    """As the command line reads it: whole numbers in full."""
    return str(value) if isinstance(value, int) else f"{value:g}"


def _changes(idea: _Idea, plan: Plan, rank_times: float) -> Iterator[tuple[str, float]]:
    """Steps are changed through whichever setting decides them now."""
    steps = max(1, round(plan.total_steps * idea.time))
    if plan.settings.max_steps is None:
        yield "epochs", min(_MOST_EPOCHS, max(0.01, round(plan.settings.epochs * idea.time, 2)))
    else:
        yield "max_steps", steps
    rank = getattr(plan.adapter, "rank", None)
    if rank is not None and rank_times != 1:
        yield "adapter.rank", min(_HIGHEST_RANK, max(1, round(rank * rank_times)))


def _before(plan: Plan, name: str) -> str:
    return next(str(decision.value) for decision in plan.decisions if decision.name == name)


def _with(recipe: Recipe, changes: dict[str, Any]) -> Recipe:
    settings = {name: value for name, value in changes.items() if "." not in name}
    adapter = {name.partition(".")[2]: int(value) for name, value in changes.items() if "." in name}
    pinned = {**recipe.settings, **settings}
    if "max_steps" in settings:
        pinned = {**pinned, "max_steps": int(settings["max_steps"])}
    update: dict[str, Any] = {"settings": pinned}
    if adapter:
        given = recipe.adapter.model_dump(exclude_unset=True)
        update["adapter"] = type(recipe.adapter)(**{**given, "kind": recipe.adapter.kind, **adapter})
    return recipe.model_copy(update=update)
