"""A dataset that others are made from, and how a row that leaves it remembers where it came from."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from luthier.data.example_file import ExampleFile
from luthier.domain.datasets import Example, Origin


@dataclass(frozen=True, slots=True)
class Source:
    dataset_id: str
    label: str
    file: ExampleFile

    def __len__(self) -> int:
        return len(self.file)

    def __iter__(self) -> Iterator[Example]:
        """Every row in its order, traced."""
        return (traced(example, self.dataset_id) for example in self.file)

    def at(self, positions: Iterable[int]) -> Iterator[Example]:
        return (traced(example, self.dataset_id) for example in self.file.at(positions))


def traced(example: Example, dataset_id: str) -> Example:
    """The origin of an example that has one stays the row it first came from."""
    if example.origin is not None:
        return example
    return replace(example, origin=Origin(dataset_id, example.row))


def changed(example: Example, change: str, **fields: object) -> Example:
    """A traced example with other content, and what was done added to its origin."""
    assert example.origin is not None
    origin = replace(example.origin, changes=(*example.origin.changes, change))
    return replace(example, origin=origin, **fields)  # type: ignore[arg-type]


def numbered(examples: Iterable[Example]) -> Iterator[Example]:
    """Rows count from 1 in every derived dataset."""
    return (replace(example, row=row) for row, example in enumerate(examples, start=1))
