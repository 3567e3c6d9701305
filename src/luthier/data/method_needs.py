"""What each method needs of an example, and which examples it learns from."""

from collections.abc import Sequence

from luthier.data.pairs import first_learned
from luthier.domain.datasets import (
    DatasetAllUndesirable,
    DatasetHasNoAnswers,
    DatasetHasNoLabels,
    DatasetHasNoPairs,
    DatasetHasNoQuestions,
    Example,
    Role,
)
from luthier.domain.recipes import PAIR_METHODS, Method


def learnt_by(method: Method, source: str, examples: Sequence[Example]) -> list[Example]:
    """Answers that were judged bad teach KTO alone. Raises DatasetHasNoPairs, DatasetHasNoLabels,
    DatasetHasNoQuestions, DatasetHasNoAnswers and DatasetAllUndesirable.
    """
    if method != "grpo" and examples and all(is_question(example) for example in examples):
        raise DatasetHasNoAnswers(method=method, source=source)
    for example in examples:
        if method in PAIR_METHODS and not example.rejected:
            raise DatasetHasNoPairs(method=method, row=example.row, source=source)
        if method == "kto" and example.desirable is None:
            raise DatasetHasNoLabels(method=method, row=example.row, source=source)
        if method == "grpo" and not _asks(example):
            raise DatasetHasNoQuestions(method=method, row=example.row, source=source)
    if method == "kto":
        return list(examples)
    learnt = [example for example in examples if example.desirable is not False]
    if examples and not learnt:
        raise DatasetAllUndesirable(method=method, source=source)
    return learnt


def is_question(example: Example) -> bool:
    """Without an answer that could be learnt."""
    unanswered = bool(example.messages) and example.messages[-1].role in (Role.USER, Role.TOOL)
    return unanswered and first_learned(example) == len(example.messages)


def _asks(example: Example) -> bool:
    return is_question(example) or first_learned(example) not in (0, len(example.messages))
