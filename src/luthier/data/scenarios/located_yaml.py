"""The YAML of front matter as texts, lists and mappings with their places: no types, no tags, no anchors, no depth."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import yaml

from luthier.data.scenarios.faults import Faults
from luthier.data.scenarios.lines import Line, Spot, text_of

_DEEPEST = 6
_LARGEST = 1 << 16  # letters
_OTHER_LINE_ENDS = re.compile("[\x85\u2028\u2029]")  # YAML would count lines at them, editors do not


@dataclass(frozen=True, slots=True)
class Text:
    value: str
    at: Spot


@dataclass(frozen=True, slots=True)
class Items:
    values: "tuple[Node, ...]"
    at: Spot


@dataclass(frozen=True, slots=True)
class Entries:
    values: "dict[str, Node]"
    keys: dict[str, Spot]
    at: Spot


Node = Text | Items | Entries


class _Unusable(Exception):
    def __init__(self, sentence: str, at: Spot, suggestion: str) -> None:
        super().__init__(sentence)
        self.sentence = sentence
        self.at = at
        self.suggestion = suggestion


def read_yaml(lines: Sequence[Line], opening: Line, faults: Faults) -> Entries | None:
    """None, and a fault, when it is not a mapping of plain things."""
    try:
        _check_characters(lines)
        node = _Builder(lines, opening).build()
    except _Unusable as problem:
        faults.fault("front_matter_syntax", problem.sentence, problem.at, problem.suggestion, "key: value lines")
        return None
    if node is None:
        return Entries({}, {}, opening.spot())
    if isinstance(node, Entries):
        return node
    sentence = "The front matter is not a list of keys with their values."
    faults.fault("front_matter_syntax", sentence, node.at, "Write lines such as `title: The old mill`.", "key: value")
    return None


def plain(node: Node) -> Any:
    """Without places: text, lists and dictionaries."""
    match node:
        case Text():
            return node.value
        case Items():
            return [plain(each) for each in node.values]
        case Entries():
            return {key: plain(each) for key, each in node.values.items()}


def _check_characters(lines: Sequence[Line]) -> None:
    if sum(len(line.text) for line in lines) > _LARGEST:
        raise _Unusable("The front matter is too long.", lines[0].spot(), "Move what is told below it.")
    for line in lines:
        if found := _OTHER_LINE_ENDS.search(line.text):
            raise _Unusable("An invisible line separator stands here.", line.spot(found.start()), "Remove it.")


class _Builder:
    def __init__(self, lines: Sequence[Line], opening: Line) -> None:
        self._first = opening.number + 1
        self._events: Iterator[yaml.Event] = yaml.parse(text_of(lines), Loader=yaml.SafeLoader)

    def build(self) -> Node | None:
        try:
            return self._document()
        except yaml.MarkedYAMLError as error:
            is_open = "quoted scalar" in (error.context or "")
            mark = error.context_mark if is_open else error.problem_mark or error.context_mark
            at = Spot(self._first + mark.line, mark.column + 1) if mark else Spot(self._first, 1)
            sentence = f"This is not YAML: {error.problem or error.context}."
            raise _Unusable(sentence, at, "Put texts with special characters in double quotes.") from error
        except yaml.YAMLError as error:
            sentence = "The front matter holds a character that YAML does not allow."
            raise _Unusable(sentence, Spot(self._first, 1), "Remove invisible control characters.") from error

    def _document(self) -> Node | None:
        node: Node | None = None
        for event in self._events:
            if isinstance(event, yaml.DocumentStartEvent) and node is not None:
                raise _Unusable("A second document begins here.", self._spot(event), "Keep one.")
            if isinstance(event, yaml.NodeEvent):
                node = self._node(event, 0)
        return node

    def _node(self, event: Any, depth: int) -> Node:
        self._refuse(event, depth)
        match event:
            case yaml.ScalarEvent():
                return Text(event.value if event.value != "~" or event.style else "", self._spot(event))
            case yaml.SequenceStartEvent():
                return Items(tuple(self._items(depth)), self._spot(event))
            case _:
                return self._entries(event, depth)

    def _items(self, depth: int) -> Iterator[Node]:
        while not isinstance(event := next(self._events), yaml.SequenceEndEvent):
            yield self._node(event, depth + 1)

    def _entries(self, start: Any, depth: int) -> Entries:
        values: dict[str, Node] = {}
        keys: dict[str, Spot] = {}
        while not isinstance(event := next(self._events), yaml.MappingEndEvent):
            key = self._node(event, depth + 1)
            if not isinstance(key, Text):
                raise _Unusable("A list or mapping cannot be a key.", key.at, "Write a word before the colon.")
            if key.value in values:
                raise _Unusable(f"The key {key.value!r} stands twice.", key.at, "Keep one of the two.")
            values[key.value] = self._node(next(self._events), depth + 1)
            keys[key.value] = key.at
        return Entries(values, keys, self._spot(start))

    def _refuse(self, event: Any, depth: int) -> None:
        if isinstance(event, yaml.AliasEvent) or event.anchor:
            raise _Unusable("Anchors and aliases (& and *) are not used here.", self._spot(event), "Quote the text.")
        if getattr(event, "tag", None):
            raise _Unusable("Tags (!) are not used here.", self._spot(event), "Put the text in double quotes.")
        if depth > _DEEPEST:
            raise _Unusable("This is nested too deeply.", self._spot(event), f"Use at most {_DEEPEST} levels.")

    def _spot(self, event: Any) -> Spot:
        mark = event.start_mark
        return Spot(self._first + mark.line, mark.column + 1)
