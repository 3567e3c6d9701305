"""Where a dataset comes from, and what became of the rows of one in another."""

from itertools import islice

from luthier.data.canonical import to_dict
from luthier.data.derive.diff import Difference, difference
from luthier.data.derive.sources import Source
from luthier.domain.datasets import Dataset
from luthier.domain.derivations import Change, DatasetDiff, Lineage, Parent
from luthier.services.datasets import Datasets


def lineage_of(datasets: Datasets, dataset: Dataset, below: frozenset[str] = frozenset()) -> Lineage:
    """Back to the files, as far as the datasets are still here. `below` are the labels that led to this one."""
    parents = dataset.made_by.parents if dataset.made_by else ()
    return Lineage(
        dataset_id=dataset.dataset_id,
        label=dataset.label,
        examples=dataset.examples,
        source=dataset.source,
        made_by=dataset.made_by,
        parents=tuple(_ancestor(datasets, parent, below | {dataset.label}) for parent in parents),
    )


def diff_of(datasets: Datasets, before: Dataset, after: Dataset, shown: int) -> DatasetDiff:
    left, right = (Source(each.dataset_id, each.label, datasets.file(each)) for each in (before, after))
    found = difference(left, right)
    return DatasetDiff(
        before=before.label,
        after=after.label,
        unchanged=found.unchanged,
        changed=len(found.changed),
        removed=len(found.removed),
        added=len(found.added),
        shown=tuple(_changes(left, right, found, shown)),
    )


def _ancestor(datasets: Datasets, parent: Parent, below: frozenset[str]) -> Lineage:
    found = datasets.under(parent.label, parent.dataset_id)
    if found is None or found.label in below:
        return Lineage(dataset_id=parent.dataset_id, label=parent.label, examples=None)
    return lineage_of(datasets, found, below)


def _changes(left: Source, right: Source, found: Difference, shown: int) -> list[Change]:
    was = left.at(int(position) for position in (*found.changed[:shown, 0], *found.removed[:shown]))
    became = right.at(int(position) for position in (*found.changed[:shown, 1], *found.added[:shown]))
    pairs = min(shown, len(found.changed))
    changes = [
        Change(before=to_dict(one), after=to_dict(other))
        for one, other in zip(list(islice(was, pairs)), list(islice(became, pairs)), strict=True)
    ]
    changes += [Change(before=to_dict(row), after=None) for row in was]
    return changes + [Change(before=None, after=to_dict(row)) for row in became]
