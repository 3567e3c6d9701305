"""Reads the inside of `[tool: subject name=value ...]` by the grammar of that tool."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from luthier.data.scenarios.faults import Faults, did_you_mean
from luthier.data.scenarios.grammar import Grammar, Tool
from luthier.data.scenarios.inline import Mark
from luthier.data.scenarios.lines import Spot
from luthier.data.scenarios.values import read_value
from luthier.domain.scenarios import Call, Value

_WORD = re.compile(r'(?:([A-Za-z][A-Za-z0-9_-]{0,39})=)?("[^"]*"|[^\s"]+)')


@dataclass(frozen=True, slots=True)
class _Word:
    name: str  # of the argument; empty for a word of the subject
    text: str
    at: Spot


def read_call(mark: Mark, grammar: Grammar, faults: Faults) -> Call | None:
    """None, and faults, when the tool cannot be called like this."""
    tool = grammar.tools.get(mark.name.lower())
    if tool is None:
        names = ", ".join(grammar.tools)
        suggestion = did_you_mean(mark.name, grammar.tools, r"Write \[ if it is no call, or add it to the grammar.")
        faults.fault("tool_unknown", f"There is no tool {mark.name!r}.", mark.at, suggestion, names)
        return None
    arguments, sound = _arguments(tool, list(_words(mark)), faults)
    for name, slot in tool.arguments.items():
        if slot.required and name not in arguments and sound:
            example = f"[{mark.name}: ...]" if name == tool.subject else f"{name}=..."
            faults.fault("argument_missing", f"The call has no {name}.", mark.at, f"Write {example}.", slot.expected)
            sound = False
    if not sound:
        return None
    return Call(tool=mark.name.lower(), arguments=arguments, line=mark.at.line, character=mark.at.character)


def _words(mark: Mark) -> Iterator[_Word]:
    for match in _WORD.finditer(mark.body):
        at = Spot(mark.body_at.line, mark.body_at.character + match.start())
        yield _Word((match[1] or "").lower(), match[2].strip('"'), at)


def _arguments(tool: Tool, words: list[_Word], faults: Faults) -> tuple[dict[str, Value], bool]:
    arguments: dict[str, Value] = {}
    sound = True
    subject = [word for word in words if not word.name]
    if subject and tool.subject:
        joined = _Word(tool.subject, " ".join(word.text for word in subject), subject[0].at)
        words = [joined, *(word for word in words if word.name)]
    elif subject:
        suggestion = "Write name=value."
        faults.fault("argument_unnamed", f"{subject[0].text!r} has no name.", subject[0].at, suggestion, "name=value")
        return {}, False
    for word in words:
        value = _value(tool, word, word.name in arguments, faults)
        sound = sound and value is not None
        if value is not None:
            arguments[word.name] = value
    ordered = {name: arguments[name] for name in tool.arguments if name in arguments}
    return ordered, sound


def _value(tool: Tool, word: _Word, repeated: bool, faults: Faults) -> Value | None:
    slot = tool.arguments.get(word.name)
    if slot is None:
        known = ", ".join(tool.arguments)
        suggestion = did_you_mean(word.name, tool.arguments, "Remove it.")
        faults.fault("argument_unknown", f"The tool has no argument {word.name!r}.", word.at, suggestion, known)
        return None
    if repeated:
        faults.fault("argument_repeated", f"{word.name} is given twice.", word.at, "Keep one of the two.")
        return None
    value = read_value(slot, word.text)
    if value is None:
        sentence = f"{word.text!r} is no value for {word.name}."
        faults.fault("argument_type", sentence, word.at, f"Give {slot.expected}.", slot.expected)
    return value
