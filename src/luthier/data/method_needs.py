"""What each method needs of an example, and which examples it learns from."""

from collections.abc import Sequence

from luthier.data.pairs import first_learned
from luthier.domain.datasets import (
    DatasetAllUndesirable,
    DatasetHasNoLabels,
    DatasetHasNoPairs,
    DatasetHasNoQuestions,
    Example,
)
from luthier.domain.recipes import PAIR_METHODS, Method


def learnt_by(method: Method, source: str, examples: Sequence[Example]) -> list[Example]:
    """Answers that were judged bad teach KTO alone. Raises DatasetHasNoPairs, DatasetHasNoLabels,
    DatasetHasNoQuestions and DatasetAllUndesirable.
    """
    for example in examples:
        if method in PAIR_METHODS and not example.rejected:
            raise DatasetHasNoPairs(method=method, row=example.row, source=source)
        if method == "kto" and example.desirable is None:
            raise DatasetHasNoLabels(method=method, row=example.row, source=source)
        if method == "grpo" and first_learned(example) in (0, len(example.messages)):
            raise DatasetHasNoQuestions(method=method, row=example.row, source=source)
    if method == "kto":
        return list(examples)
    learnt = [example for example in examples if example.desirable is not False]
    if examples and not learnt:
        raise DatasetAllUndesirable(method=method, source=source)
    return learnt
