"""Where a dataset comes from: its parents and theirs, as far as they are still here."""

from luthier.domain.datasets import Dataset
from luthier.domain.derivations import Lineage, Parent
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


def _ancestor(datasets: Datasets, parent: Parent, below: frozenset[str]) -> Lineage:
    found = datasets.under(parent.label, parent.dataset_id)
    if found is None or found.label in below:
        return Lineage(dataset_id=parent.dataset_id, label=parent.label, examples=None)
    return lineage_of(datasets, found, below)
