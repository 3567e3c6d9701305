"""Other classes, levels, experience and belongings for a party, within its bounds; what the story mentions stays."""

from collections.abc import Iterator

from luthier.data.scenarios.facts import variation_facts
from luthier.data.scenarios.grammar import Grammar
from luthier.data.scenarios.luck import Luck
from luthier.data.scenarios.story import Story
from luthier.data.scenarios.vary_rules import Aspect, VaryRules
from luthier.domain.scenarios import Character, Value

_EXPERIENCE_STEP = 5


def new_fields(
    character: Character, number: int, rules: VaryRules, grammar: Grammar, story: Story, luck: Luck
) -> dict[str, Value]:
    """The fields that change, by name; `number` is the character's place in the party."""
    return dict(_Changes(character, number, rules, grammar, story, luck).all())


class _Changes:
    def __init__(
        self, character: Character, number: int, rules: VaryRules, grammar: Grammar, story: Story, luck: Luck
    ) -> None:
        self._character = character
        self._number = number
        self._rules = rules
        self._grammar = grammar
        self._story = story
        self._luck = luck

    def all(self) -> Iterator[tuple[str, Value]]:
        yield "class", self._class_name()
        level = self._level()
        yield "level", level
        if level != self._character.level:
            yield "health", self._health(level)
        yield "experience", self._experience(level)
        yield "inventory", tuple(self._inventory())

    def _class_name(self) -> str:
        name = self._character.class_name
        if not self._rules.classes or Aspect.CLASSES in self._rules.keep or self._story.mentions(name):
            return name
        return self._luck.one_of(self._rules.classes, "class", self._number)

    def _level(self) -> int:
        level = self._character.level
        if self._rules.levels is None or Aspect.LEVELS in self._rules.keep or self._story.has_number(level):
            return level
        slot = self._grammar.character["level"]
        low, high = self._rules.levels
        low = max(low, slot.minimum if slot.minimum is not None else low)
        high = min(high, slot.maximum if slot.maximum is not None else high)
        return self._luck.between(low, high, "level", self._number) if low <= high else level

    def _health(self, level: int) -> tuple[int, ...]:
        """In proportion to the level; who stands keeps standing."""
        now, most = self._character.health, self._character.health_max
        if self._story.has_number(now) or self._story.has_number(most):
            return (now, most)
        limit = self._grammar.character["health"].maximum
        new_most = max(1, round(most * level / self._character.level))
        new_most = new_most if limit is None else min(limit, new_most)
        new_now = round(now * new_most / most) if most else 0
        return (max(min(now, 1), min(new_now, new_most)), new_most)

    def _experience(self, level: int) -> int:
        now = self._character.experience
        needed = variation_facts().experience_per_level
        if Aspect.EXPERIENCE in self._rules.keep or level >= len(needed) or self._story.has_number(now):
            return now
        low, high = needed[level - 1], needed[level] - 1
        return low + _EXPERIENCE_STEP * self._luck.below(
            (high - low) // _EXPERIENCE_STEP + 1, "experience", self._number
        )

    def _inventory(self) -> Iterator[str]:
        """Without a list of the author's only small things are exchanged for others: a ranger keeps the bow."""
        carried = list(self._character.inventory)
        if Aspect.INVENTORY in self._rules.keep:
            yield from carried
            return
        gear = variation_facts().gear
        pool = [item for item in self._rules.inventory or gear if item not in carried]
        for at, item in enumerate(carried):
            place = ("inventory", self._number, at)
            is_free = (item in gear or self._rules.inventory) and not self._story.mentions(item)
            if pool and is_free and self._luck.below(2, *place, "changes"):
                item = pool.pop(self._luck.below(len(pool), *place))
            yield item
