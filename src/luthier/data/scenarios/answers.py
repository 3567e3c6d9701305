"""Reads a TOOLCALL block as the answer to a call: its fields, their types, and whether they add up."""

from collections.abc import Mapping

from luthier.data.scenarios.checks import with_defaults, wrongs
from luthier.data.scenarios.faults import Faults, did_you_mean
from luthier.data.scenarios.fields import WrittenField, fields_in
from luthier.data.scenarios.grammar import Tool
from luthier.data.scenarios.lines import Spot
from luthier.data.scenarios.tree import Section
from luthier.data.scenarios.values import Slot, read_value, show_value
from luthier.domain.scenarios import Call, Value


def read_answer(section: Section, call: Call, tool: Tool, faults: Faults) -> dict[str, Value] | None:
    """The result fields in the grammar's order; None, and faults, when something is wrong with them."""
    fields, others = fields_in(section.body)
    sound = True
    for line in others:
        at = line.spot(len(line.text) - len(line.text.lstrip()))
        suggestion = "Write a field on each line; what is told belongs into the next DM turn."
        faults.fault("answer_line", "This line is no field.", at, suggestion, "- Name: value")
        sound = False
    by_name: dict[str, WrittenField] = {}
    values: dict[str, Value] = {}
    slots = {**tool.arguments, **tool.results}
    for field in fields:
        value = _value(field, slots, by_name, faults)
        sound = sound and value is not None
        if value is not None:
            by_name[field.key] = field
            values[field.key] = value
    sound = _repeats_the_call(call, tool, by_name, values, faults) and sound
    sound = _complete(tool, by_name, section.heading.spot(), faults) and sound
    if not sound:
        return None
    results = _with_defaults(tool.results, values)
    for wrong in wrongs(tool, call.arguments, results):
        slot = tool.results[wrong.field]
        right = show_value(slot, wrong.right) if wrong.right is not None else ""
        suggestion = f"Write - {wrong.field.capitalize()}: {right}" if right else "Correct the rolls or the dice."
        at = by_name[wrong.field].value_at if wrong.field in by_name else section.heading.spot()
        faults.fault(wrong.code, wrong.sentence, at, suggestion, right)
        sound = False
    return results if sound else None


def _value(
    field: WrittenField, slots: Mapping[str, Slot], earlier: Mapping[str, WrittenField], faults: Faults
) -> Value | None:
    slot = slots.get(field.key)
    if slot is None:
        suggestion = did_you_mean(field.key, slots, "Remove it.")
        faults.fault("answer_field", f"The tool has no field {field.name!r}.", field.at, suggestion, ", ".join(slots))
        return None
    if field.key in earlier:
        faults.fault("answer_repeated", f"{field.name} stands twice.", field.at, "Keep one of the two.")
        return None
    value = read_value(slot, field.value)
    if value is None:
        sentence = f"{field.value!r} is no value for {field.name}." if field.value else f"{field.name} is empty."
        faults.fault("answer_type", sentence, field.value_at, f"Give {slot.expected}.", slot.expected)
    return value


def _repeats_the_call(
    call: Call, tool: Tool, fields: Mapping[str, WrittenField], values: Mapping[str, Value], faults: Faults
) -> bool:
    """A field named like an argument, e.g. `- Skill: stealth`, has to say what the call says."""
    asked = with_defaults(tool, call.arguments)
    sound = True
    for name in [name for name in fields if name in tool.arguments and name not in tool.results]:
        if _same(values[name], asked.get(name)):
            continue
        slot = tool.arguments[name]
        said = f"{name} {show_value(slot, asked[name])}" if name in asked else f"no {name}"
        sentence = f"This answers {name} {show_value(slot, values[name])}, but the call has {said}."
        suggestion = "Answer the calls in their order, one block each."
        faults.fault("answer_differs", sentence, fields[name].value_at, suggestion, said)
        sound = False
    return sound


def _same(one: Value, other: Value | None) -> bool:
    return str(one).casefold() == str(other).casefold() if isinstance(one, str) else one == other


def _complete(tool: Tool, fields: Mapping[str, WrittenField], at: Spot, faults: Faults) -> bool:
    missing = [name for name, slot in tool.results.items() if slot.required and name not in fields]
    for name in missing:
        slot = tool.results[name]
        suggestion = f"Add a line - {name.capitalize()}: ..."
        faults.fault("answer_incomplete", f"The answer has no {name}.", at, suggestion, slot.expected)
    return not missing


def _with_defaults(slots: Mapping[str, Slot], values: Mapping[str, Value]) -> dict[str, Value]:
    full: dict[str, Value] = {}
    for name, slot in slots.items():
        value = values.get(name, read_value(slot, slot.default) if slot.default else None)
        if value is not None:
            full[name] = value
    return full


def answer_lines(tool: Tool, call: Call, values: Mapping[str, Value]) -> list[str]:
    """A block as it is written; the subject first, so that a reader knows what is answered."""
    subject = call.arguments.get(tool.subject)
    lines = [f"- {tool.subject.capitalize()}: {subject}"] if isinstance(subject, str) else []
    shown = [(name, show_value(slot, values[name])) for name, slot in tool.results.items() if name in values]
    return [*lines, *(f"- {name.capitalize()}: {text}" for name, text in shown)]
