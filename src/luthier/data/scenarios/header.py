"""What the front matter says: title, category, tags, the rules of variation, and what else an author keeps there."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from luthier.data.scenarios.faults import Faults, did_you_mean
from luthier.data.scenarios.grammar import Grammar
from luthier.data.scenarios.lines import Spot
from luthier.data.scenarios.located_yaml import Entries, Items, Node, Text, plain, read_yaml
from luthier.data.scenarios.tree import Tree
from luthier.data.scenarios.vary_rules import VaryRules, read_rules

_OWN = ("title", "category", "tags", "vary")
_TITLE_EXPECTED = "a text, e.g. title: The mill at low water"


@dataclass(frozen=True)
class Header:
    title: str
    category: str
    tags: tuple[str, ...]
    rules: VaryRules
    extras: dict[str, Any]


def read_header(tree: Tree, grammar: Grammar, faults: Faults) -> Header:
    entries = _entries_of(tree, faults)
    if entries is None:
        return Header("", "", (), VaryRules(), {})
    return Header(
        title=_title(entries, faults),
        category=_category(entries, grammar, faults),
        tags=tuple(_tags(entries, faults)),
        rules=read_rules(entries.values.get("vary"), faults),
        extras={key: plain(value) for key, value in entries.values.items() if key not in _OWN},
    )


def _entries_of(tree: Tree, faults: Faults) -> Entries | None:
    if tree.front is not None:
        return read_yaml(tree.front.body, tree.front.opening, faults)
    if tree.open_front is not None:
        sentence = "The front matter begins here and does not end."
        faults.fault("front_matter_unclosed", sentence, tree.open_front.spot(), "Write a line --- after it.", "---")
    else:
        sentence = "The file does not begin with front matter."
        suggestion = "Begin with a line ---, then title, category and tags, then a line ---."
        faults.fault("front_matter_missing", sentence, Spot(1, 1), suggestion, "---")
    return None


def _title(entries: Entries, faults: Faults) -> str:
    title = _text(entries, "title", _TITLE_EXPECTED, faults)
    if title == "":
        faults.fault("title_missing", "There is no title.", entries.at, "Add a line title: ...", _TITLE_EXPECTED)
    return title or ""


def _category(entries: Entries, grammar: Grammar, faults: Faults) -> str:
    known = ", ".join(grammar.categories)
    category = _text(entries, "category", known, faults)
    if category == "":
        faults.fault("category_missing", "There is no category.", entries.at, "Add a line category: ...", known)
    elif category is not None and category not in grammar.categories:
        suggestion = did_you_mean(category, grammar.categories, "Use one of them, or add yours to the grammar.")
        sentence = f"There is no category {category!r}."
        faults.fault("category_unknown", sentence, entries.values["category"].at, suggestion, known)
    return category or ""


def _text(entries: Entries, key: str, expected: str, faults: Faults) -> str | None:
    """Empty when it is missing; None, and a fault, when it is no text."""
    node = entries.values.get(key)
    if node is None:
        return ""
    if not isinstance(node, Text):
        faults.fault("front_matter_type", f"The {key} is no text.", node.at, f"Write the {key} in one line.", expected)
        return None
    return node.value.strip()


def _tags(entries: Entries, faults: Faults) -> Iterator[str]:
    """A list, or words with commas between."""
    node: Node | None = entries.values.get("tags")
    if node is None:
        sentence = "There are no tags; an index finds a scenario by them."
        faults.doubt(
            "tags_missing", sentence, entries.at, "Add a line such as tags: [night, river].", "a list of words"
        )
        return
    parts: list[Node] = list(node.values) if isinstance(node, Items) else [node]
    for part in parts:
        if not isinstance(part, Text):
            suggestion = "Write tags: [one, two]."
            faults.fault("front_matter_type", "A tag is no text.", part.at, suggestion, "a list of words")
            continue
        yield from (tag.strip() for tag in part.value.split(",") if tag.strip())
