"""Decides which rows of a dataset stay: by what they say, or as the first of those that are the same."""

from collections.abc import Callable, Iterable, Iterator

import numpy as np
from numpy.typing import NDArray

from luthier.data.derive.groups import Ids, dense, first_of_each, joined
from luthier.data.derive.texts import content_keys, question_keys, question_of, whole_of
from luthier.domain.datasets import Example

Nearness = Callable[[Iterable[str]], Ids]  # texts to the id of each one's group of nearly equal texts
Rows = Callable[[], Iterator[Example]]  # a fresh pass over the same examples


def question_groups(rows: Rows, near: Nearness | None) -> tuple[NDArray[np.uint64], Ids]:
    """The key of each row's question, and which rows ask the same, or nearly the same when `near` is given."""
    keys = question_keys(rows())
    equal = dense(keys)
    return keys, equal if near is None else joined(equal, near(question_of(example) for example in rows()))


def without_repeats(rows: Rows, by: str, near: Nearness | None) -> NDArray[np.bool_]:
    """True for the first row of each group of the same examples, or questions."""
    if by == "question":
        return first_of_each(question_groups(rows, near)[1])
    equal = dense(content_keys(rows()))
    return first_of_each(equal if near is None else joined(equal, near(whole_of(example) for example in rows())))


def saying(rows: Iterator[Example], containing: str | None, lacking: str | None) -> NDArray[np.bool_]:
    """True for rows with the one text and without the other, whatever the case."""
    wanted, unwanted = (containing or "").casefold(), (lacking or "").casefold()

    def stays(example: Example) -> bool:
        said = whole_of(example).casefold()
        return wanted in said and not (unwanted and unwanted in said)

    return np.fromiter((stays(example) for example in rows), np.bool_)
