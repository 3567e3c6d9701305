"""What became of the rows of one dataset in another: found once for each pair, kept, and read page by page."""

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import numpy as np

from luthier.data.canonical import to_dict
from luthier.data.derive.diff import Difference, difference
from luthier.data.derive.sources import Source
from luthier.domain.datasets import Dataset, Example
from luthier.domain.derivations import Change, DatasetDiff, DiffKind, DiffPage
from luthier.domain.jobs import Progress
from luthier.kit.files import writing_atomically
from luthier.services.datasets import Datasets

Report = Callable[[Progress], None]

_FORMAT = 1  # of what is kept; another way to pair rows is another format
_BETWEEN_REPORTS = 500  # rows


class Differences:
    def __init__(self, datasets: Datasets) -> None:
        self._datasets = datasets

    def diff(self, before: str, after: str, shown: int, tell: Report) -> DatasetDiff:
        """With the first `shown` of each kind. Reads both the first time; `tell` may raise to end that."""
        left, right = self._datasets.get(before), self._datasets.get(after)
        found = self._found(left, right) or self._find(left, right, tell)
        kinds: tuple[DiffKind, ...] = ("changed", "removed", "added")
        changes = (change for kind in kinds for change in self._changes(left, right, found, kind, 0, shown))
        return DatasetDiff(
            before=left.label,
            after=right.label,
            unchanged=found.unchanged,
            changed=len(found.changed),
            removed=len(found.removed),
            added=len(found.added),
            shown=tuple(changes),
        )

    def is_known(self, before: str, after: str) -> bool:
        """Whether `diff` and `page` have nothing left to read but the rows they show."""
        return self._found(self._datasets.get(before), self._datasets.get(after)) is not None

    def page(self, before: str, after: str, kind: DiffKind, offset: int = 0, limit: int = 20) -> DiffPage:
        """Rows of one kind."""
        left, right = self._datasets.get(before), self._datasets.get(after)
        found = self._found(left, right) or self._find(left, right, lambda progress: None)
        return DiffPage(
            kind=kind,
            offset=offset,
            total=len(getattr(found, kind)),
            changes=tuple(self._changes(left, right, found, kind, offset, limit)),
        )

    def _changes(
        self, before: Dataset, after: Dataset, found: Difference, kind: DiffKind, offset: int, limit: int
    ) -> Iterator[Change]:
        match kind:
            case "changed":
                pairs = found.changed[offset : offset + limit]
                was, became = self._rows(before, pairs[:, 0].tolist()), self._rows(after, pairs[:, 1].tolist())
                return (Change(before=one, after=other) for one, other in zip(was, became, strict=True))
            case "removed":
                gone = found.removed[offset : offset + limit].tolist()
                return (Change(before=row, after=None) for row in self._rows(before, gone))
            case "added":
                new = found.added[offset : offset + limit].tolist()
                return (Change(before=None, after=row) for row in self._rows(after, new))

    def _rows(self, dataset: Dataset, positions: Sequence[int]) -> "list[dict[str, object]]":
        return [to_dict(example) for example in self._source(dataset).at(positions)]

    def _find(self, before: Dataset, after: Dataset, tell: Report) -> Difference:
        total = before.examples + after.examples

        def told(source: Source) -> Iterator[Example]:
            done = 0 if source.label == before.label else before.examples
            for at, example in enumerate(source, done):
                if at % _BETWEEN_REPORTS == 0:
                    tell(Progress(what="comparing examples", done=at, total=total))
                yield example

        found = difference(self._source(before), self._source(after), told)
        with writing_atomically(self._path(before, after)) as file:
            np.savez(
                file,
                unchanged=np.int64(found.unchanged),
                changed=found.changed,
                removed=found.removed,
                added=found.added,
            )
        return found

    def _found(self, before: Dataset, after: Dataset) -> Difference | None:
        """None when it was not made, or what was kept is damaged."""
        try:
            with np.load(self._path(before, after), allow_pickle=False) as kept:
                return Difference(int(kept["unchanged"]), kept["changed"], kept["removed"], kept["added"])
        except (OSError, ValueError, KeyError, EOFError):
            return None

    def _path(self, before: Dataset, after: Dataset) -> Path:
        """Beside the newer content; both never change."""
        return self._datasets.folder(after) / "differences" / f"v{_FORMAT}-{before.dataset_id}.npz"

    def _source(self, dataset: Dataset) -> Source:
        return Source(dataset.dataset_id, dataset.label, self._datasets.file(dataset))
