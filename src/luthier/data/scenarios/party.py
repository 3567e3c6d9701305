"""The characters of a party: a heading with the name, then fields, then whatever else is to be said."""

from collections.abc import Iterator, Sequence

from luthier.data.scenarios.faults import Faults
from luthier.data.scenarios.fields import WrittenField, fields_in
from luthier.data.scenarios.grammar import Grammar
from luthier.data.scenarios.tree import Section
from luthier.data.scenarios.values import read_value
from luthier.domain.scenarios import Character, Value


def read_party(section: Section, grammar: Grammar, faults: Faults) -> Iterator[Character]:
    if not section.children:
        suggestion = "Add a heading with a name, e.g. ### Arden, and fields below it."
        faults.fault("party_empty", "The party has no characters.", section.heading.spot(), suggestion, "### a name")
    names: set[str] = set()
    for child in section.children:
        if not child.title:
            faults.fault("character_unnamed", "A character has no name.", child.heading.spot(), "Write it after ###.")
        elif child.title.casefold() in names:
            sentence = f"There are two characters called {child.title!r}."
            faults.fault("character_repeated", sentence, child.heading.spot(), "Give one of them another name.")
        names.add(child.title.casefold())
        character = _character(child, grammar, faults)
        if character is not None:
            yield character


def _character(section: Section, grammar: Grammar, faults: Faults) -> Character | None:
    fields, others = fields_in(section.body)
    values = _values(section, fields, grammar, faults)
    if values is None:
        return None
    health = values["health"]
    inventory = values["inventory"]
    assert isinstance(health, tuple) and isinstance(inventory, tuple)
    return Character(
        name=section.title,
        class_name=str(values["class"]),
        level=_number(values["level"]),
        health=int(health[0]),
        health_max=int(health[1]),
        experience=_number(values["experience"]),
        inventory=tuple(str(item) for item in inventory),
        description="\n".join(line.text.strip() for line in others),
        others={field.name: field.value for field in fields if field.key not in _OF_A_CHARACTER},
    )


_OF_A_CHARACTER = ("class", "level", "health", "experience", "inventory")


def _values(
    section: Section, fields: Sequence[WrittenField], grammar: Grammar, faults: Faults
) -> dict[str, Value] | None:
    """The fields that the grammar knows; None, and faults, when a required one is missing or wrong."""
    values: dict[str, Value] = {}
    sound = True
    for field in fields:
        slot = grammar.character.get(field.key)
        if slot is None:
            continue
        value = read_value(slot, field.value)
        if field.key in values:
            faults.fault("character_field_repeated", f"{field.name} stands twice.", field.at, "Keep one of the two.")
        elif value is None:
            sentence = f"{field.value!r} is no value for {field.name}." if field.value else f"{field.name} is empty."
            faults.fault("character_field_type", sentence, field.value_at, f"Give {slot.expected}.", slot.expected)
            sound = False
        else:
            values[field.key] = value
    written = {field.key for field in fields}
    for name, slot in grammar.character.items():
        if slot.required and name not in written:
            sentence = f"{section.title or 'The character'} has no {name}."
            suggestion = f"Add a line - {name.capitalize()}: ..."
            faults.fault("character_field_missing", sentence, section.heading.spot(), suggestion, slot.expected)
            sound = False
    return values if sound else None


def _number(value: Value) -> int:
    assert isinstance(value, int)  # the grammar keeps the type of these fields
    return value
