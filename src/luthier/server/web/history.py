"""Where a dataset comes from, which versions its name has, and the ways to make another one of it."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from luthier.domain.datasets import Dataset
from luthier.domain.derivations import Lineage
from luthier.server.web.context import Context
from luthier.server.web.ways import MIX, WAYS, Way
from luthier.workspace import Workspace


@dataclass(frozen=True, slots=True)
class DatasetHistory(Context):
    template: ClassVar[str] = "fragments/dataset_history.html"

    dataset: Dataset
    lineage: Lineage
    versions: Sequence[Dataset]  # of its name, the newest first
    before: str  # label of the dataset that it was made of, or of the version before it; empty when there is none


@dataclass(frozen=True, slots=True)
class DatasetWays(Context):
    template: ClassVar[str] = "fragments/dataset_ways.html"

    dataset: Dataset
    ways: Sequence[Way]
    mix: Way


def dataset_history(workspace: Workspace, dataset: Dataset) -> DatasetHistory:
    lineage = workspace.derivations.lineage(dataset.label)
    versions = workspace.datasets.versions(dataset.name)
    return DatasetHistory(
        dataset=dataset, lineage=lineage, versions=versions, before=_before(dataset, lineage, versions)
    )


def dataset_ways(dataset: Dataset) -> DatasetWays:
    return DatasetWays(dataset=dataset, ways=tuple(WAYS.values()), mix=MIX)


def _before(dataset: Dataset, lineage: Lineage, versions: Sequence[Dataset]) -> str:
    parents = [parent.label for parent in lineage.parents if parent.examples is not None]
    earlier = [version.label for version in versions if version.version < dataset.version]
    return next(iter([*parents, *earlier]), "")
