"""What became of the rows of one dataset in another: unchanged, changed, removed or added, each row once."""

import hashlib
from collections.abc import Callable, Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from luthier.data.derive.sources import Source
from luthier.data.derive.texts import content_key
from luthier.data.splits import question_hash
from luthier.domain.datasets import Example

_GOLDEN = np.uint64(0x9E3779B97F4A7C15)


@dataclass(frozen=True, slots=True)
class Difference:
    """Positions of rows; `changed` pairs the row before with the row after."""

    unchanged: int
    changed: NDArray[np.int64]  # [pairs, 2]
    removed: NDArray[np.int64]
    added: NDArray[np.int64]


def difference(before: Source, after: Source, rows: Callable[[Source], Iterable[Example]] = iter) -> Difference:
    """Rows are the same with the same content; changed when they come from one imported row or ask the same.

    `rows` gives those of a source, and may raise to end it. About 50 bytes are held per row.
    """
    old, new = (_keys(rows(source), len(source)) for source in (before, after))
    left = np.ones(len(old), np.bool_)
    right = np.ones(len(new), np.bool_)
    unchanged = len(_paired(old["content"], new["content"], left, right))
    pairs = [_paired(old[by], new[by], left, right) for by in ("origin", "question")]
    changed = np.concatenate(pairs)
    return Difference(
        unchanged=unchanged,
        changed=changed[np.argsort(changed[:, 0], kind="stable")],
        removed=np.flatnonzero(left),
        added=np.flatnonzero(right),
    )


def _keys(examples: Iterable[Example], count: int) -> NDArray[np.void]:
    kind = np.dtype([("content", np.uint64), ("origin", np.uint64), ("question", np.uint64)])
    rows = ((content_key(example), _origin_key(example), _question_key(example)) for example in examples)
    return np.fromiter(rows, kind, count=count)


def _origin_key(example: Example) -> int:
    assert example.origin is not None
    root = f"{example.origin.dataset_id}/{example.origin.row}".encode()
    return int.from_bytes(hashlib.blake2b(root, digest_size=8).digest(), "little")


def _question_key(example: Example) -> int:
    return int.from_bytes(question_hash(example)[:8], "little")


def _paired(
    old: NDArray[np.uint64], new: NDArray[np.uint64], left: NDArray[np.bool_], right: NDArray[np.bool_]
) -> NDArray[np.int64]:
    """Pairs rows of equal keys, the first with the first, and takes both off `left` and `right`."""
    ours, theirs = np.flatnonzero(left), np.flatnonzero(right)
    _, at_ours, at_theirs = np.intersect1d(
        _each_once(old[ours]), _each_once(new[theirs]), assume_unique=True, return_indices=True
    )
    pairs = np.stack([ours[at_ours], theirs[at_theirs]], axis=1).astype(np.int64)
    left[pairs[:, 0]] = False
    right[pairs[:, 1]] = False
    return pairs


def _each_once(keys: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """The n-th row of a key becomes another key than the first, so that rows are matched one to one."""
    order = np.argsort(keys, kind="stable")
    ranked = keys[order]
    begins = np.flatnonzero(np.append(True, ranked[1:] != ranked[:-1])) if len(keys) else np.zeros(0, np.int64)
    lengths = np.diff(np.append(begins, len(keys)))
    nth = np.empty(len(keys), np.uint64)
    nth[order] = (np.arange(len(keys)) - np.repeat(begins, lengths)).astype(np.uint64)
    return keys + nth * _GOLDEN
