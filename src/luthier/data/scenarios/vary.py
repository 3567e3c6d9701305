"""Varies a scenario by a seed: names, belongings, settings, phrasing and dice change, the story stays true."""

from collections.abc import Iterator

import yaml

from luthier.data.scenarios.faults import Faults
from luthier.data.scenarios.fields import rewritten
from luthier.data.scenarios.inline import Branch, Choice, parse_inline
from luthier.data.scenarios.layout import formatted
from luthier.data.scenarios.lines import Line, trimmed
from luthier.data.scenarios.luck import Luck
from luthier.data.scenarios.read import Reading, ReadTurn
from luthier.data.scenarios.story import Story
from luthier.data.scenarios.system import PARTY
from luthier.data.scenarios.telling import Answered, told
from luthier.data.scenarios.tree import Section, parse_tree
from luthier.data.scenarios.vary_dice import thrown
from luthier.data.scenarios.vary_names import new_names, renaming
from luthier.data.scenarios.vary_party import new_fields
from luthier.data.scenarios.vary_rules import Aspect, VaryRules
from luthier.domain.scenarios import Scenario


def varied(reading: Reading, seed: int, origin: str) -> str:
    """The text of another scenario, without spans; the same for the same seed. `origin` is written into it."""
    assert reading.scenario is not None  # what has errors is not varied
    return _Varying(reading, reading.scenario, seed).text(origin)


class Drawn:
    """Phrasing and settings by luck, each place on its own, and each setting once for the whole scenario."""

    def __init__(self, rules: VaryRules, luck: Luck) -> None:
        self._rules = rules
        self._luck = luck

    def alternative(self, choice: Choice) -> Branch:
        if Aspect.PHRASING in self._rules.keep:
            return choice.branches[0]
        return self._luck.one_of(choice.branches, "phrasing", *choice.at)

    def setting(self, name: str) -> str:
        values = self._rules.settings[name]
        return values[0] if Aspect.SETTINGS in self._rules.keep else self._luck.one_of(values, "setting", name)


class _Varying:
    def __init__(self, reading: Reading, scenario: Scenario, seed: int) -> None:
        self._reading = reading
        self._scenario = scenario
        self._seed = seed
        self._rules = reading.header.rules
        self._luck = Luck(seed, scenario.title)
        self._chance = Drawn(self._rules, self._luck)
        names = [character.name for character in scenario.party]
        self._story = Story(reading.turns, [*names, *_beside_the_turns(scenario, self._rules)])
        self._names = new_names(names, self._rules, reading.grammar, self._story, self._luck)
        self._rename = renaming(self._names)

    def text(self, origin: str) -> str:
        bodies = dict(self._turns())
        lines = [line for section in self._reading.tree.sections for line in self._section(section, bodies)]
        return formatted(parse_tree("\n".join([*self._front(origin), *lines])))

    def _front(self, origin: str) -> list[str]:
        scenario = self._scenario
        document = {
            "title": self._rename(scenario.title),
            "category": scenario.category,
            "tags": list(scenario.tags),
            **{key: value for key, value in scenario.extras.items() if key != "origin"},
            "origin": {"file": origin, "seed": self._seed},
        }
        text = yaml.safe_dump(document, allow_unicode=True, sort_keys=False, width=10_000)
        return ["---", *text.rstrip("\n").split("\n"), "---", ""]

    def _section(self, section: Section, bodies: dict[int, list[str]]) -> Iterator[str]:
        if section.level == 1 and section.named("SYSTEM"):
            yield section.heading.text
            for child in section.children:
                yield from self._part(child)
            return
        yield section.heading.text
        body = bodies.get(section.heading.number)
        if body is None:
            yield from (self._rename(line.text) for line in section.body)
        else:
            yield from (self._rename(text) for text in body)

    def _part(self, section: Section) -> Iterator[str]:
        yield section.heading.text
        if not section.named(PARTY):
            yield from (self._rename(text) for text in self._told(section.body))
            return
        yield from (self._rename(line.text) for line in section.body)
        for number, (child, character) in enumerate(zip(section.children, self._scenario.party, strict=True)):
            yield f"### {self._rename(child.title)}"
            grammar = self._reading.grammar
            fields = new_fields(character, number, self._rules, grammar, self._story, self._luck)
            yield from (self._rename(text) for text in rewritten(child.body, grammar.character, fields))

    def _told(self, body: tuple[Line, ...]) -> list[str]:
        pieces = parse_inline(trimmed(body), self._reading.grammar.outcomes, Faults())
        return told(pieces, (), self._chance).split("\n")

    def _turns(self) -> Iterator[tuple[int, list[str]]]:
        """The new body of every turn, by the line of its heading."""
        turns = self._reading.turns
        keeps_dice = Aspect.DICE in self._rules.keep
        written = [turn.answered for turn in turns if turn.answered is not None]
        answers = iter(written if keeps_dice else thrown(turns, self._story, self._luck))
        answered: list[Answered] = []
        for turn in turns:
            if turn.answered is not None:
                answered.append(next(answers))
                yield turn.section.heading.number, _answer(turn, answered[-1])
            else:
                yield turn.section.heading.number, told(turn.pieces, answered, self._chance).split("\n")


def _answer(turn: ReadTurn, answered: Answered) -> list[str]:
    before = (turn.answered.fields if turn.answered else None) or {}
    changed = {name: value for name, value in (answered.fields or {}).items() if before.get(name) != value}
    return rewritten(turn.section.body, answered.tool.results, changed)


def _beside_the_turns(scenario: Scenario, rules: VaryRules) -> Iterator[str]:
    yield from (scenario.title, scenario.role, scenario.world, scenario.location)
    yield from (passage.text for passage in scenario.passages)
    yield from (character.description for character in scenario.party)
    yield from (value for values in rules.settings.values() for value in values)
