"""Scenario texts for tests: one that is right, and ways to bend it."""

from luthier.data.scenarios.grammar import Grammar, built_in_grammar
from luthier.data.scenarios.read import Reading, read_scenario
from luthier.domain.scenarios import Scenario

FRONT = "---\ntitle: The ferry\ncategory: social\ntags: [river, toll]\n---\n"
PARTY = """\
## Party

### Arla Venn

- Class: rogue
- Level: 2
- Health: 11/14
- Experience: 150
- Inventory: dagger, rope
"""
SYSTEM = f"""\
# SYSTEM

## Role

You are the Dungeon Master.

## World

A wide river and one ferry.

## Location

The landing stage.

{PARTY}"""
ASKED = "# User\n\nArla greets the ferryman.\n"
CALL = "[roll: persuasion dc=12 mod=+3]"
ANSWER = """\
# TOOLCALL

- Skill: persuasion
- Dice: 1d20
- Rolls: 10
- Modifier: +3
- Total: 13
- Outcome: success
"""
TOLD = "# DM\n\n{success: He nods. | failure: He spits.} The rope creaks.\n"
TURNS = f"{ASKED}\n# DM\n\nHe looks at her hands.\n\n{CALL}\n\n{ANSWER}\n{TOLD}"
GOOD = f"{FRONT}\n{SYSTEM}\n{TURNS}"


def bent(old: str, new: str) -> str:
    """The good scenario with one place changed."""
    assert GOOD.count(old) == 1, f"{old!r} stands {GOOD.count(old)} times"
    return GOOD.replace(old, new)


def with_turns(*turns: str) -> str:
    return f"{FRONT}\n{SYSTEM}\n" + "\n".join(turns)


def with_vary(rules: str, text: str = GOOD) -> str:
    """`rules` are the lines below `vary:`, each with its own indentation."""
    return text.replace("tags: [river, toll]\n", f"tags: [river, toll]\nvary:\n{rules}")


def read(text: str, grammar: Grammar | None = None) -> Reading:
    return read_scenario(text, grammar or built_in_grammar())


def sound(text: str, grammar: Grammar | None = None) -> Scenario:
    reading = read(text, grammar)
    assert reading.scenario is not None, [finding.sentence for finding in reading.errors]
    return reading.scenario


def codes(text: str, grammar: Grammar | None = None) -> list[str]:
    return [finding.code.removeprefix("scenario.") for finding in read(text, grammar).findings]
