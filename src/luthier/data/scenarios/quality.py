"""What a folder of scenarios as a whole would teach wrongly: an unbalanced, repetitive or one-sided set."""

from collections import Counter
from collections.abc import Iterable, Iterator

from luthier.data.scenarios.facts import quality_facts
from luthier.data.scenarios.read import Reading
from luthier.domain.findings import Finding, Level, Place
from luthier.domain.scenarios import Speaker


class Quality:
    """Fed with one reading after the other; holds hashes of texts, not the texts."""

    def __init__(self, categories: Iterable[str]) -> None:
        self._facts = quality_facts()
        self._categories: Counter[str] = Counter(dict.fromkeys(categories, 0))
        self._outcomes: Counter[str] = Counter()
        self._seen: dict[int, tuple[Place, str]] = {}

    def look_at(self, reading: Reading, file: str) -> Iterator[Finding]:
        """What is to be said of this file, given those before it."""
        outline = reading.outline
        self._categories[outline.category] += 1
        for turn in reading.turns:
            if turn.answered is not None and turn.answered.outcome:
                self._outcomes[turn.answered.outcome] += 1
        if reading.scenario is None:
            return
        turns = len(outline.turns)
        if turns < self._facts.few_turns:
            sentence = f"The scenario has {turns} turns only."
            suggestion = "Let the players do something, and tell what comes of it."
            yield _doubt("short", sentence, Place(file=file), suggestion, f"at least {self._facts.few_turns} turns")
        if not outline.calls:
            suggestion = "Let something be uncertain: a call such as [roll: stealth dc=15]."
            yield _doubt("no_calls", "No tool is called.", Place(file=file), suggestion, "a call in a DM turn")
        yield from self._repetitions(reading, file)

    def close(self) -> Iterator[Finding]:
        """What is to be said of all together."""
        yield from self._balance()
        total = sum(self._outcomes.values())
        for outcome, count in self._outcomes.items():
            if total >= self._facts.few_outcomes and count > self._facts.onesided_share * total:
                sentence = f"{count} of {total} outcomes are a {outcome}; a model would learn that it is always so."
                yield _doubt(
                    "outcomes_onesided", sentence, Place(), "Let some calls end the other way.", "both outcomes"
                )

    def _balance(self) -> Iterator[Finding]:
        if sum(self._categories.values()) < self._facts.few_scenarios:
            return
        missing = sorted(category for category, count in self._categories.items() if not count)
        if missing:
            sentence = f"No scenario is of the category {', '.join(missing)}."
            suggestion = f"Begin one: luthier scenarios new {missing[0]} FILE."
            yield _doubt("category_absent", sentence, Place(), suggestion, "scenarios of every category")
        present = {category: count for category, count in self._categories.items() if count}
        most, least = max(present, key=lambda name: present[name]), min(present, key=lambda name: present[name])
        if present[most] > self._facts.largest_ratio * present[least]:
            sentence = f"There are {present[most]} scenarios of {most} and {present[least]} of {least}."
            suggestion = "Write more of the rare ones, or vary them: luthier scenarios vary balances categories."
            yield _doubt("unbalanced", sentence, Place(), suggestion, "about as many of each category")

    def _repetitions(self, reading: Reading, file: str) -> Iterator[Finding]:
        """Variations of one scenario share what does not vary; that is what they are for."""
        family = _family_of(reading, file)
        for turn in reading.outline.turns:
            text = " ".join(turn.spoken.casefold().split())
            if turn.speaker is Speaker.TOOLCALL or len(text) < self._facts.repeated_characters:
                continue
            place = Place(file=file, line=turn.line, character=1)
            earlier, first_family = self._seen.setdefault(hash(text), (place, family))
            if earlier is not place and first_family != family:
                sentence = f"This turn says the same as the one in {earlier}."
                yield _doubt("text_repeated", sentence, place, "Write it anew, or remove one of the two.", "a new text")


def _family_of(reading: Reading, file: str) -> str:
    origin = reading.outline.extras.get("origin")
    return str(origin["file"]) if isinstance(origin, dict) and "file" in origin else file


def _doubt(code: str, sentence: str, place: Place, suggestion: str, expected: str) -> Finding:
    return Finding(
        code=f"scenario.{code}",
        level=Level.WARNING,
        sentence=sentence,
        place=place,
        expected=expected,
        suggestion=suggestion,
    )
