"""Which language a text is in: by its script where that is enough, else by the commonest words of each language.

Not a model but a count, so it is certain of ordinary texts and says nothing of short or mixed ones: those are given by
their script, e.g. "in Latin letters".
"""

import re
from collections import Counter
from functools import cache

from luthier.data.quality.facts import language_facts
from luthier.data.quality.scripts import NONE

_READ = 1_000  # characters of a text
_FEWEST = 2  # different common words that must be found
_SHARE = 0.08  # of all different words; running text has 0.2 and more
_WORD = re.compile(r"[^\s\d.,;:!?()\[\]{}<>=+*/\\|\"“”„«»।،؟۔。]+")  # vowel signs are no letters to \w


def language_of(text: str, script: str) -> str:
    """`script` is what `scripts_of` says of the text."""
    if script == NONE:
        return NONE
    facts = language_facts()
    if known := facts.of_script.get(script):
        return known
    words = set(_WORD.findall(text[:_READ].lower()))
    languages = _languages(script)
    counts = Counter(name for word in words for name in languages.get(word, ()))
    best = counts.most_common(2)
    enough = bool(best) and best[0][1] >= max(_FEWEST, _SHARE * len(words))
    if not enough or (len(best) > 1 and best[0][1] == best[1][1]):
        return f"in {script} letters"
    return best[0][0]


@cache
def _languages(script: str) -> dict[str, tuple[str, ...]]:
    """Which languages of the script have a word."""
    found: dict[str, tuple[str, ...]] = {}
    for language in language_facts().languages:
        if language.script == script:
            for word in set(language.words.split()):
                found[word] = (*found.get(word, ()), language.name)
    return found
