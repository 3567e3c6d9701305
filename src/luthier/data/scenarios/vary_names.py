"""New names for a party, replaced wherever the old ones stand, so that a story stays about the same people."""

import re
from collections.abc import Callable, Iterator, Sequence

from luthier.data.scenarios.facts import variation_facts
from luthier.data.scenarios.grammar import Grammar
from luthier.data.scenarios.luck import Luck
from luthier.data.scenarios.story import Story
from luthier.data.scenarios.vary_rules import Aspect, VaryRules

_PLAIN = re.compile(r"[\w'’-]+")


def new_names(names: Sequence[str], rules: VaryRules, grammar: Grammar, story: Story, luck: Luck) -> dict[str, str]:
    """Old words to new ones: whole names, and given and family names where these stand alone."""
    if Aspect.NAMES in rules.keep:
        return {}
    reserved = frozenset(_words_of(grammar))
    drawn = _Drawn(rules, story, luck)
    mapping: dict[str, str] = {}
    for number, name in enumerate(names):
        words = name.split(" ")
        if any(not _PLAIN.fullmatch(word) or word.casefold() in reserved for word in words):
            continue
        mapping |= drawn.replacements(name, words, number, mapping)
    return mapping


def renaming(mapping: dict[str, str]) -> Callable[[str], str]:
    """A function that replaces all of them in a text at once; words inside of other words stay."""
    if not mapping:
        return lambda text: text
    longest_first = sorted(mapping, key=len, reverse=True)
    pattern = re.compile(rf"(?<!\w)(?:{'|'.join(re.escape(old) for old in longest_first)})(?!\w)")
    return lambda text: pattern.sub(lambda match: mapping[match[0]], text)


class _Drawn:
    def __init__(self, rules: VaryRules, story: Story, luck: Luck) -> None:
        self._rules = rules
        self._story = story
        self._luck = luck
        self._used: set[str] = set()

    def replacements(self, name: str, words: list[str], number: int, earlier: dict[str, str]) -> dict[str, str]:
        titles, own = _parted(words)
        if self._rules.names:
            new = self._draw(self._rules.names, name, "name", number)
            new_own = _parted(new.split(" "))[1]
        else:
            facts = variation_facts()
            new_own = [self._draw(facts.given_names, own[0], "given", number)]
            if len(own) > 1:
                new_own.append(earlier.get(own[-1]) or self._draw(facts.family_names, own[-1], "family", number))
            new = " ".join([*titles, *new_own])
        pairs = {name: new}
        if len(own) <= 2 and len(new_own) >= len(own):
            alone = {old: now for old, now in zip(own, new_own, strict=False) if old not in earlier and old != name}
            pairs |= {old: now for old, now in alone.items() if not self._story.has_word(old.lower())}
        return pairs

    def _draw(self, pool: Sequence[str], old: str, *what: object) -> str:
        """One that nobody in the story has yet; the old one when there is none."""
        unused = [each for each in pool if each not in self._used and each != old]
        free = [each for each in unused if not any(self._is_taken(word) for word in each.split(" "))]
        if not free:
            return old
        new = self._luck.one_of(free, *what)
        self._used.add(new)
        return new

    def _is_taken(self, word: str) -> bool:
        return self._story.has_word(word) or self._story.has_word(word.lower())


def _parted(words: list[str]) -> tuple[list[str], list[str]]:
    """Titles such as Old or Sister, and the name itself."""
    titles = variation_facts().titles
    count = 0
    while count < len(words) - 1 and words[count] in titles:
        count += 1
    return words[:count], words[count:]


def _words_of(grammar: Grammar) -> Iterator[str]:
    """Words that have a meaning in a file, and are no names to be replaced."""
    yield from grammar.character
    yield from grammar.outcomes
    for name, tool in grammar.tools.items():
        yield name
        yield from tool.arguments
        yield from tool.results
