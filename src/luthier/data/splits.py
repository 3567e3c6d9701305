"""The two sides of a split, and which questions stand on both: they prove nothing."""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass

from luthier.domain.datasets import Example, Role


@dataclass(frozen=True, slots=True)
class Split:
    train: list[Example]
    held_out: list[Example]


def shared_questions(train: Iterable[Example], held_out: Iterable[Example]) -> list[int]:
    """The rows of `held_out` whose question is also trained on: their answers prove nothing."""
    trained = {question_hash(example) for example in train}
    return [example.row for example in held_out if question_hash(example) in trained]


def question_hash(example: Example) -> bytes:
    """Of all that comes before the first answer, blanks and case aside; of plain text, the whole."""
    digest = hashlib.blake2b(digest_size=12)
    if example.text:
        digest.update(_plain(example.text))
    for message in example.messages:
        if message.role is Role.ASSISTANT:
            break
        digest.update(message.role.value.encode() + b"\x00" + _plain(message.content) + b"\x00")
    return digest.digest()


def _plain(text: str) -> bytes:
    return " ".join(text.casefold().split()).encode()
