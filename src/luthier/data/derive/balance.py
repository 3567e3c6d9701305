"""Gives every category the same number of examples, by leaving some out or taking some more than once."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from luthier.data.derive.groups import Ids
from luthier.data.derive.texts import answer_of
from luthier.data.order import order_of_epoch
from luthier.domain.datasets import Example, Role
from luthier.domain.derivations import By

MOST_CATEGORIES = 1_000


@dataclass(frozen=True, slots=True)
class Categories:
    ids: Ids  # of each row
    names: list[str]


def categories(examples: Iterable[Example], by: By) -> Categories | None:
    """The category of each row; None when there are more than MOST_CATEGORIES."""
    name_of = _NAMES[by]
    known: dict[str, int] = {}
    ids: list[int] = []
    for example in examples:
        ids.append(known.setdefault(" ".join(name_of(example).split()).casefold(), len(known)))
        if len(known) > MOST_CATEGORIES:
            return None
    return Categories(np.array(ids, np.int64), list(known))


def balanced(ids: Ids, to: Literal["smallest", "largest"] | int, seed: int) -> NDArray[np.int64]:
    """Positions in their order; one that stands more than once is taken more than once.

    Which rows of a category are taken is a shuffle by the seed; no row comes again before all of its category have.
    """
    sizes = np.bincount(ids)
    wanted = {"smallest": int(sizes.min()), "largest": int(sizes.max())}[to] if isinstance(to, str) else to
    taken = []
    by_category = np.split(np.argsort(ids, kind="stable"), np.cumsum(sizes)[:-1])
    for category, (size, rows) in enumerate(zip(sizes, by_category, strict=True)):
        passes = -(-wanted // int(size))
        order = np.concatenate([order_of_epoch(each, int(size), seed + category) for each in range(passes)])
        taken.append(rows[order[:wanted]])
    return np.sort(np.concatenate(taken))


def _system_of(example: Example) -> str:
    return next((each.content for each in example.messages if each.role is Role.SYSTEM), "")


def _category_of(example: Example) -> str:
    return example.category


def _source_of(example: Example) -> str:
    return example.origin.dataset_id if example.origin else ""


_NAMES: dict[By, Callable[[Example], str]] = {
    "answer": answer_of,
    "category": _category_of,
    "system": _system_of,
    "source": _source_of,
}
