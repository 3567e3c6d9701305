"""The SYSTEM section: Role, World, Location and Party, further passages, and the text that a model is given of it."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from luthier.data.scenarios.faults import Faults
from luthier.data.scenarios.grammar import Grammar
from luthier.data.scenarios.inline import parse_inline
from luthier.data.scenarios.lines import Spot, trimmed
from luthier.data.scenarios.party import read_party
from luthier.data.scenarios.telling import AsWritten, as_read, check_spans, told
from luthier.data.scenarios.tree import Section
from luthier.data.scenarios.vary_rules import VaryRules
from luthier.domain.scenarios import Character, Scenario

PARTS = ("Role", "World", "Location")
PARTY = "Party"


@dataclass(frozen=True)
class System:
    passages: dict[str, str]  # by title, in the order of the file; Party is not among them
    party: tuple[Character, ...]


def read_system(sections: Sequence[Section], first: Spot, grammar: Grammar, rules: VaryRules, faults: Faults) -> System:
    """Of a scenario's one SYSTEM section; `first` is where to complain when there is none."""
    if not sections:
        suggestion = "Begin with # SYSTEM, and in it ## Role, ## World, ## Location and ## Party."
        faults.fault("system_missing", "There is no SYSTEM section.", first, suggestion, "# SYSTEM")
        return System({}, ())
    system = sections[0]
    for line in trimmed(system.body):
        if not line.is_blank:
            faults.doubt(
                "system_text",
                "This text stands before the first part of SYSTEM and is not trained on.",
                line.spot(),
                "Put it under ## Role.",
            )
            break
    passages: dict[str, str] = {}
    party: tuple[Character, ...] = ()
    for child in _once_each(system, faults):
        if child.named(PARTY):
            party = tuple(read_party(child, grammar, faults))
        else:
            passages[_title_of(child)] = _text(child, grammar, rules, faults)
    return System(passages, party)


def system_text(scenario: Scenario) -> str:
    """What a model is told before the first turn: Markdown, as people write it for models."""
    parts = [scenario.role, f"## World\n\n{scenario.world}", f"## Location\n\n{scenario.location}"]
    parts += [f"## {passage.title}\n\n{passage.text}" for passage in scenario.passages]
    return "\n\n".join([*parts, f"## Party\n\n{party_text(scenario.party)}"])


def party_text(party: Sequence[Character]) -> str:
    return "\n".join(_character_text(character) for character in party)


def _character_text(character: Character) -> str:
    carries = ", ".join(character.inventory) or "nothing"
    facts = [
        f"{character.class_name}, level {character.level}",
        f"health {character.health}/{character.health_max}",
        f"experience {character.experience}",
        f"carries {carries}",
        *(f"{name.lower()} {value}" for name, value in character.others.items()),
    ]
    line = f"- {character.name}: {'; '.join(facts)}."
    return f"{line} {' '.join(character.description.split())}" if character.description else line


def _once_each(system: Section, faults: Faults) -> Iterator[Section]:
    seen: set[str] = set()
    for child in system.children:
        if child.title.casefold() in seen:
            sentence = f"The part {child.title!r} stands twice."
            faults.fault("part_repeated", sentence, child.heading.spot(), "Put both texts under one heading.")
            continue
        seen.add(child.title.casefold())
        yield child
    for title in (*PARTS, PARTY):
        if title.casefold() not in seen:
            sentence = f"SYSTEM has no part {title}."
            faults.fault("part_missing", sentence, system.heading.spot(), f"Add ## {title} and a text.", f"## {title}")


def _title_of(child: Section) -> str:
    return next((title for title in PARTS if child.named(title)), child.title)


def _text(child: Section, grammar: Grammar, rules: VaryRules, faults: Faults) -> str:
    lines = trimmed(child.body)
    if not lines:
        faults.fault("part_empty", f"{child.title} is empty.", child.heading.spot(), "Write a sentence or two.", "text")
    pieces = parse_inline(lines, grammar.outcomes, faults)
    check_spans(pieces, (), rules.settings, faults)
    return as_read(told(pieces, (), AsWritten(rules.settings)))
