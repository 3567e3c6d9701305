"""Clean examples that have nothing in common, and ways to plant a fault in one."""

import random
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace

from luthier.data.quality import score_examples
from luthier.data.quality.columns import code_numbers
from luthier.data.quality.scoring import Assessment
from luthier.domain.datasets import Example, Message, Role
from tests.data.builders import a_chat

_SYLLABLES = [
    "ba",
    "be",
    "bi",
    "bo",
    "da",
    "de",
    "di",
    "do",
    "ka",
    "ke",
    "ki",
    "ko",
    "la",
    "le",
    "li",
    "lo",
    "ma",
    "me",
    "mi",
    "mo",
    "na",
    "ne",
    "ni",
    "no",
    "ra",
    "re",
    "ri",
    "ro",
    "sa",
    "se",
    "si",
    "so",
]


class Speaker:
    """Says sentences of made-up words, never the same twice."""

    def __init__(self, seed: int = 0) -> None:
        self._chance = random.Random(seed)

    def word(self) -> str:
        return "".join(self._chance.choices(_SYLLABLES, k=self._chance.randint(2, 4)))

    def sentence(self, words: int = 14, end: str = ".") -> str:
        return " ".join(self.word() for _ in range(words)).capitalize() + end

    def text(self, sentences: int = 3) -> str:
        return " ".join(self.sentence() for _ in range(sentences))

    def chat(self, row: int) -> Example:
        return a_chat(self.sentence(end="?"), self.text(), row=row)


def clean(count: int, seed: int = 0) -> list[Example]:
    speaker = Speaker(seed)
    return [speaker.chat(row) for row in range(1, count + 1)]


def changed(
    example: Example, *, question: Callable[[str], str] | None = None, answer: Callable[[str], str] | None = None
) -> Example:
    changes = {Role.USER: question, Role.ASSISTANT: answer}
    messages = [
        replace(message, content=change(message.content)) if (change := changes.get(message.role)) else message
        for message in example.messages
    ]
    return replace(example, messages=tuple(messages))


def assessed(examples: Sequence[Example], against: Iterable[Example] | None = None) -> Assessment:
    return score_examples(lambda: examples, against)


def codes_of(assessment: Assessment) -> dict[int, set[str]]:
    """By row of the source, only of those with a reason."""
    names = list(code_numbers())
    rows = assessment.columns.facts["row"]
    found: dict[int, set[str]] = {}
    for flag in assessment.scored.flags:
        found.setdefault(int(rows[flag["position"]]), set()).add(names[flag["code"]])
    return found


def partners_of(assessment: Assessment, code: str) -> dict[int, int]:
    number = code_numbers()[code]
    rows = assessment.columns.facts["row"]
    flags = assessment.scored.flags
    return {int(rows[flag["position"]]): int(flag["row"]) for flag in flags[flags["code"] == number]}


def says(*texts: str, row: int = 1) -> Example:
    return a_chat(*texts, row=row)


def silent(row: int = 1) -> Example:
    return Example(row, messages=(Message(Role.USER, "Are you there?"), Message(Role.ASSISTANT, "")))
