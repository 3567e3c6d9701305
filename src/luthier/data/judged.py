"""Answers that were judged good or bad, as tokens, each beside the answer to another question.

What a model thinks of an answer that does not belong to the question is KTO's point of zero (Ethayarajh et al. 2024,
arXiv 2402.01306, section 4.1). The strangers are fixed once, so that a reference reads them once.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from luthier.data.encode import EncodedSet, Overlong, encode
from luthier.data.pairs import first_learned, only_rows
from luthier.data.render import Renderer
from luthier.domain.datasets import Example


@dataclass(frozen=True)
class JudgedSet:
    """Example i is example i of both sets. One of which either could not be used is in neither."""

    answers: EncodedSet
    strangers: EncodedSet  # the same questions, with the answers to the next ones
    desirable: NDArray[np.bool_]  # [examples]

    def __len__(self) -> int:
        return len(self.answers)


def encode_judged(
    examples: Sequence[Example],
    renderer: Renderer,
    *,
    max_length: int,
    overlong: Overlong,
    on_progress: Callable[[int], None],
) -> JudgedSet:
    """`on_progress` gets the number of conversations done, two for each example, and may raise to stop."""

    def encoded(of: Sequence[Example], before: int, overlong: Overlong) -> EncodedSet:
        return encode(
            of,
            renderer,
            max_length=max_length,
            overlong=overlong,
            on_progress=lambda done: on_progress(before + done),
        )

    answers = encoded(examples, 0, overlong)
    # A stranger that is too long is cut: how it ends says nothing about the question.
    strangers = encoded(with_strangers(examples), len(examples), "truncate")
    both = set(answers.rows.tolist()) & set(strangers.rows.tolist())
    answers, strangers = only_rows(answers, both), only_rows(strangers, both)
    judgements = {example.row: bool(example.desirable) for example in examples}
    desirable = np.array([judgements[row] for row in answers.rows.tolist()], dtype=bool)
    return JudgedSet(answers, strangers, desirable)


def with_strangers(examples: Sequence[Example]) -> list[Example]:
    """Every question with the answer to the next one; the last with the answer to the first."""
    following = [*examples[1:], *examples[:1]]
    return [
        replace(
            example, messages=(*example.messages[: first_learned(example)], *other.messages[first_learned(other) :])
        )
        for example, other in zip(examples, following, strict=True)
    ]
