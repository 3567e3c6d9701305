"""Which examples are held out: decided by their content, so that no question stands on both sides."""

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from luthier.domain.datasets import Example, Role


@dataclass(frozen=True, slots=True)
class Split:
    train: list[Example]
    held_out: list[Example]


def split(examples: Sequence[Example], share: float, at_most: int | None = None) -> Split:
    """About `share` of the examples held out, the same ones whatever their order; both sides keep their order."""
    held_out = held_out_positions(examples, share, at_most)
    return Split(
        train=[example for position, example in enumerate(examples) if position not in held_out],
        held_out=[example for position, example in enumerate(examples) if position in held_out],
    )


def held_out_positions(examples: Iterable[Example], share: float, at_most: int | None = None) -> frozenset[int]:
    """Whole groups of equal questions, in the order of their hashes, while they fit into the share.

    A few bytes are held per example. At least one group stays on the training side.
    """
    groups: dict[bytes, list[int]] = {}
    count = 0
    for position, example in enumerate(examples):
        groups.setdefault(question_hash(example), []).append(position)
        count += 1
    wanted = round(share * count) if at_most is None else min(round(share * count), at_most)
    chosen: list[int] = []
    for key in sorted(groups)[:-1]:
        if len(chosen) + len(groups[key]) <= wanted:
            chosen += groups[key]
    return frozenset(chosen)


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
