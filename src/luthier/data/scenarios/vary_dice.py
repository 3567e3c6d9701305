"""New throws for a scenario's calls: freely where the story tells every outcome, else with the same outcome."""

from collections.abc import Callable, Sequence

from luthier.data.scenarios.checks import settled
from luthier.data.scenarios.luck import Luck
from luthier.data.scenarios.read import ReadTurn
from luthier.data.scenarios.story import Story
from luthier.data.scenarios.telling import Answered, told_by
from luthier.data.scenarios.values import Kind

_TRIES = 200  # an outcome that is rarer than this stays with the throw as it is written


def thrown(turns: Sequence[ReadTurn], story: Story, luck: Luck) -> list[Answered]:
    """The answers in their order, thrown again where that keeps the story true."""
    told_orders = _told_orders(turns)
    written = [turn.answered for turn in turns if turn.answered is not None]
    return [_thrown(each, story, each.order in told_orders, luck) for each in written]


def _told_orders(turns: Sequence[ReadTurn]) -> set[int]:
    """Which calls have spans that tell their outcome or show their fields."""
    orders: set[int] = set()
    answered: list[Answered] = []
    for turn in turns:
        if turn.answered is not None:
            answered.append(turn.answered)
        orders |= {each.order for each in told_by(turn.pieces, answered)}
    return orders


def _thrown(answered: Answered, story: Story, is_told: bool, luck: Luck) -> Answered:
    fields = answered.fields
    if fields is None or answered.tool.throw is None or _is_mentioned(answered, story):
        return answered
    if not is_told and not answered.outcome:
        return answered  # nothing says what the story makes of this number
    for attempt in range(_TRIES):
        new = settled(answered.tool, answered.call.arguments, fields, _die(luck, answered.order, attempt))
        again = Answered(answered.call, answered.tool, new, answered.order)
        if is_told or again.outcome == answered.outcome:
            return again
    return answered


def _die(luck: Luck, order: int, attempt: int) -> Callable[[int, int], int]:
    return lambda sides, position: luck.between(1, sides, "die", order, position, attempt)


def _is_mentioned(answered: Answered, story: Story) -> bool:
    """Whether the story itself gives the result in digits, which would then be wrong."""
    results = answered.tool.results
    values = (answered.fields or {}).items()
    return any(story.has_number(value) for name, value in values if results[name].type is Kind.INTEGER)
