"""The part `vary` of front matter: what may change when a scenario is varied, and within which bounds."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import StrEnum

from luthier.data.scenarios.faults import Faults, did_you_mean
from luthier.data.scenarios.located_yaml import Entries, Items, Node, Text

SETTING_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_-]{0,39}")
_LEVELS = re.compile(r"([0-9]{1,2})(?:\s*-\s*([0-9]{1,2}))?")
_KEYS = ("keep", "names", "classes", "levels", "inventory", "settings")
_STEERING = set("{}[]|\\#\n")


class Aspect(StrEnum):
    NAMES = "names"
    CLASSES = "classes"
    LEVELS = "levels"
    EXPERIENCE = "experience"
    INVENTORY = "inventory"
    DICE = "dice"
    PHRASING = "phrasing"
    SETTINGS = "settings"


@dataclass(frozen=True)
class VaryRules:
    keep: frozenset[Aspect] = frozenset()
    names: tuple[str, ...] = ()
    classes: tuple[str, ...] = ()  # empty: classes stay
    levels: tuple[int, int] | None = None  # None: levels stay
    inventory: tuple[str, ...] = ()
    settings: dict[str, tuple[str, ...]] = field(default_factory=dict)  # the first value is the one as written


def read_rules(node: Node | None, faults: Faults) -> VaryRules:
    if node is None:
        return VaryRules()
    if not isinstance(node, Entries):
        expected = "keys such as names, levels and settings"
        faults.fault("vary_type", "vary is no mapping.", node.at, "Put keys with two more blanks under it.", expected)
        return VaryRules()
    for key, at in node.keys.items():
        if key not in _KEYS:
            suggestion = did_you_mean(key, _KEYS, "Remove it.")
            faults.fault("vary_unknown", f"vary has no rule {key!r}.", at, suggestion, ", ".join(_KEYS))
    given = node.values
    return VaryRules(
        keep=frozenset(_aspects(given.get("keep"), faults)),
        names=_texts(given.get("names"), faults),
        classes=_texts(given.get("classes"), faults),
        levels=_levels(given.get("levels"), faults),
        inventory=_texts(given.get("inventory"), faults),
        settings=_settings(given.get("settings"), faults),
    )


def _aspects(node: Node | None, faults: Faults) -> Iterator[Aspect]:
    for text in _nodes(node, faults):
        try:
            yield Aspect(text.value)
        except ValueError:
            known = [aspect.value for aspect in Aspect]
            suggestion = did_you_mean(text.value, known, "Remove it.")
            sentence = f"{text.value!r} is nothing that varies."
            faults.fault("vary_aspect", sentence, text.at, suggestion, ", ".join(known))


def _levels(node: Node | None, faults: Faults) -> tuple[int, int] | None:
    if node is None:
        return None
    match = _LEVELS.fullmatch(node.value.strip()) if isinstance(node, Text) else None
    low, high = (int(match[1]), int(match[2] or match[1])) if match else (1, 0)
    if not 1 <= low <= high:
        faults.fault("vary_levels", "These are no levels.", node.at, "Write levels: 2-5.", "the lowest and the highest")
        return None
    return low, high


def _settings(node: Node | None, faults: Faults) -> dict[str, tuple[str, ...]]:
    if node is None:
        return {}
    if not isinstance(node, Entries):
        suggestion = "Write a name and its values, e.g. weather: [fog, a hard frost]."
        faults.fault("vary_type", "settings is no mapping.", node.at, suggestion, "names with lists of values")
        return {}
    settings = {}
    for name, values in node.values.items():
        if not SETTING_NAME.fullmatch(name):
            suggestion = "Use letters, digits, dashes and underscores."
            faults.fault("setting_name", f"{name!r} cannot be the name of a setting.", node.keys[name], suggestion)
            continue
        settings[name] = _texts(values, faults)
    return settings


def _texts(node: Node | None, faults: Faults) -> tuple[str, ...]:
    return tuple(text.value.strip() for text in _nodes(node, faults))


def _nodes(node: Node | None, faults: Faults) -> Iterator[Text]:
    """The texts of a list; one text is a list of one."""
    if node is None:
        return
    listed = node.values if isinstance(node, Items) else (node,)
    if not listed:
        faults.fault("vary_type", "This list is empty.", node.at, "Fill it, or remove its key.", "a list of texts")
    for each in listed:
        if not isinstance(each, Text) or not each.value.strip():
            faults.fault(
                "vary_type", "This is no text.", each.at, "Write a list such as [one, two].", "a list of texts"
            )
        elif _STEERING & set(each.value):
            suggestion = "Leave out braces, brackets, bars, backslashes and number signs."
            faults.fault("vary_character", "This text would be read as a span or a call.", each.at, suggestion)
        else:
            yield each
