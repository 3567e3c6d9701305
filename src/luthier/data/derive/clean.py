"""Changes every row by itself: a text that is mended or redacted, and what is left without an answer goes."""

from collections import Counter
from collections.abc import Callable, Iterator

from luthier.data.derive.sources import changed
from luthier.data.derive.texts import says_something, with_texts
from luthier.domain.datasets import Example

CHANGED = "changed"
EMPTIED = "without an answer, left out"

ChangeRow = Callable[[Example], Callable[[str], str]]  # a row's own change, e.g. with its own numbering


def rewritten(rows: Iterator[Example], change_of: ChangeRow, name: str, counts: Counter[str]) -> Iterator[Example]:
    """Rows in which nothing is to be changed pass as they are. `counts` is filled as the rows go by."""
    for example in rows:
        fields = with_texts(example, change_of(example))
        if all(getattr(example, field) == value for field, value in fields.items()):
            yield example
            continue
        after = changed(example, name, **fields)
        if says_something(after):
            counts[CHANGED] += 1
            yield after
        else:
            counts[EMPTIED] += 1
