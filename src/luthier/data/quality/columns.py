"""One pass over the examples: what the comparisons need of each, in some 120 bytes, whatever its length."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import Any

import numpy as np
from numpy.typing import NDArray

from luthier.data.canonical import content_of
from luthier.data.quality.detectors import flags_of
from luthier.data.quality.facts import reason_facts
from luthier.data.quality.hashing import text_id
from luthier.data.quality.labels import Labels
from luthier.data.quality.languages import language_of
from luthier.data.quality.parts import Parts, parts_of
from luthier.data.quality.phrases import PhraseCounts
from luthier.data.quality.scripts import scripts_of
from luthier.data.quality.sketches import WIDTH, Sketches, sketches_of
from luthier.data.splits import question_hash
from luthier.domain.datasets import Example, Role

BATCH = 512
FLAG = np.dtype([("position", "<i8"), ("code", "<u2"), ("row", "<i8")])  # row: the one it was compared with, or 0
Flags = NDArray[np.void]

_ANSWER_BEGINNING = 96  # characters by which answers count as nearly identical
_EXAMPLE = np.dtype(
    [
        ("row", "<i8"),
        ("content", "<u8"),
        ("question", "<u8"),
        ("answer", "<u8"),
        ("beginning", "<u8"),  # of the answer
        ("characters", "<u4"),
        ("asked", "?"),  # whether there is a question at all, and an answer to it that nobody judged bad
    ]
)


@dataclass(frozen=True)
class Columns:
    facts: NDArray[np.void]  # [examples] of _EXAMPLE
    sketches: Sketches
    questions: Sketches  # of the questions alone; empty unless asked for
    flags: Flags  # what the detectors said of single examples
    phrases: PhraseCounts  # of the questions
    labels: Labels
    turns: "Counter[int]"
    roles: "Counter[Role]"
    scripts: "Counter[str]"
    languages: "Counter[str]"

    def __len__(self) -> int:
        return len(self.facts)


def read_columns(
    examples: Iterable[Example],
    *,
    with_questions: bool = False,
    on_progress: Callable[[int], None] | None = None,
    done: int = 0,
) -> Columns:
    """`on_progress` gets the number done, beginning with `done`, and may raise to stop."""
    reading = _Reading(with_questions)
    for batch in batches(examples):
        reading.take(batch)
        done += len(batch)
        if on_progress is not None:
            on_progress(done)
    return reading.columns()


def batches(examples: Iterable[Example]) -> Iterator[list[Example]]:
    iterator = iter(examples)
    while batch := list(islice(iterator, BATCH)):
        yield batch


@dataclass
class _Reading:
    with_questions: bool
    facts: list[NDArray[np.void]] = field(default_factory=lambda: [np.zeros(0, _EXAMPLE)])
    sketches: list[Sketches] = field(default_factory=lambda: [np.zeros((0, WIDTH), np.uint8)])
    questions: list[Sketches] = field(default_factory=lambda: [np.zeros((0, WIDTH), np.uint8)])
    flags: list[Flags] = field(default_factory=lambda: [np.zeros(0, FLAG)])
    phrases: PhraseCounts = field(default_factory=PhraseCounts)
    labels: Labels = field(default_factory=Labels)
    turns: "Counter[int]" = field(default_factory=Counter)
    roles: "Counter[Role]" = field(default_factory=Counter)
    scripts: "Counter[str]" = field(default_factory=Counter)
    languages: "Counter[str]" = field(default_factory=Counter)
    done: int = 0

    def take(self, batch: Sequence[Example]) -> None:
        parts = [parts_of(example) for example in batch]
        texts = ["\n".join(said.text for said in each.texts) for each in parts]
        questions = [each.question for each in parts]
        pairs = zip(batch, parts, strict=True)
        self.facts.append(np.array([_facts_of(example, each) for example, each in pairs], dtype=_EXAMPLE))
        self.sketches.append(
            sketches_of([_compared(example, each) for example, each in zip(batch, parts, strict=True)])
        )
        if self.with_questions:
            self.questions.append(sketches_of(questions))
        self.flags.append(_flagged(parts, self.done))
        self.phrases.add(questions)
        scripts = list(scripts_of(texts))
        self.scripts.update(scripts)
        self.languages.update(language_of(text, script) for text, script in zip(texts, scripts, strict=True))
        for example, each in zip(batch, parts, strict=True):
            self.turns[len(example.messages)] += 1
            self.roles.update(message.role for message in example.messages)
            self.labels.add([said.text for said in each.answers])
        self.done += len(batch)

    def columns(self) -> Columns:
        return Columns(
            facts=_joined(self.facts),
            sketches=_joined(self.sketches),
            questions=_joined(self.questions),
            flags=_joined(self.flags),
            phrases=self.phrases,
            labels=self.labels,
            turns=self.turns,
            roles=self.roles,
            scripts=self.scripts,
            languages=self.languages,
        )


def _joined(pieces: list[NDArray[Any]]) -> NDArray[Any]:
    """Empties the list, so that what is largest is not held twice for longer than it takes to copy."""
    whole = np.concatenate(pieces)
    pieces.clear()
    return whole


def _facts_of(example: Example, parts: Parts) -> tuple[int, int, int, int, int, int, bool]:
    first = parts.answers[0].text if parts.answers else ""
    plain = " ".join(first.casefold().split())
    return (
        example.row,
        content_id(example),
        int.from_bytes(question_hash(example)[:8], "little"),
        text_id(plain),
        text_id(plain[:_ANSWER_BEGINNING]),
        sum(len(said.text) for said in parts.texts),
        bool(plain and parts.question.strip() and example.messages) and example.desirable is not False,
    )


def content_id(example: Example) -> int:
    """Of all that is learned from it; where it came from does not count."""
    return text_id(str(content_of(example)))


def _compared(example: Example, parts: Parts) -> str:
    """System messages are left out: many sets open every example with the same one."""
    silent = {number for number, message in enumerate(example.messages, 1) if message.role is Role.SYSTEM}
    return "\n".join(said.text for said in parts.texts if said.message not in silent)


def _flagged(parts: Sequence[Parts], first: int) -> Flags:
    codes = code_numbers()
    found = [
        (first + place, codes[code], 0) for place, each in enumerate(parts) for code in {f.code for f in flags_of(each)}
    ]
    return np.array(found, dtype=FLAG)


def code_numbers() -> dict[str, int]:
    return {code: number for number, code in enumerate(reason_facts())}
