"""Datasets: check a file, import it as an immutable, content-named set of examples, look at what is there."""

import itertools
import shutil
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from luthier.data.canonical import read_examples, to_dict, write_examples
from luthier.data.check import check_source, load_examples
from luthier.domain.datasets import (
    CONFIRM_BELOW,
    Dataset,
    DatasetEmpty,
    DatasetFileMissing,
    DatasetHasErrors,
    DatasetMappingUnsure,
    DatasetNotFound,
    DatasetReport,
    Example,
)
from luthier.domain.findings import Level
from luthier.kit.clock import Clock
from luthier.kit.files import exists, sealed_folder, write_json
from luthier.kit.ids import new_id
from luthier.services.folders import Folders
from luthier.store import Store

_ID_DIGITS = 16  # of the sha256; 64 bits tell any number of datasets apart that one workspace will hold


class Datasets:
    def __init__(self, store: Store, folders: Folders, clock: Clock) -> None:
        self._store = store
        self._folders = folders
        self._clock = clock

    def check(self, path: str, *, shape: str | None = None, columns: Mapping[str, str] | None = None) -> DatasetReport:
        """The report of a file, without importing it. Problems of single rows are findings, not exceptions."""
        source = Path(path).expanduser()
        if not exists(source):
            raise DatasetFileMissing(path=path)
        return check_source(source, shape, dict(columns or {}))

    def import_file(
        self,
        path: str,
        *,
        name: str | None = None,
        shape: str | None = None,
        columns: Mapping[str, str] | None = None,
        skip_bad_rows: bool = False,
    ) -> Dataset:
        """Importing twice is harmless. Wrong rows raise DatasetHasErrors unless `skip_bad_rows` leaves them out."""
        report = self.check(path, shape=shape, columns=columns)
        _refuse(report, path, confirmed=shape is not None or bool(columns), skip_bad_rows=skip_bad_rows)
        source = Path(path).expanduser()
        found = load_examples(source, shape, dict(columns or {}))
        good = (item for item in found if isinstance(item, Example))
        imported = self._folders.dataset(new_id("import"))
        with sealed_folder(imported, {}) as staging:
            sha256 = write_examples(staging / "examples.jsonl", good)
            dataset = Dataset(
                dataset_id=f"ds_{sha256[:_ID_DIGITS]}",
                name=name or _plain_name(source),
                sha256=sha256,
                shape=report.mapping.shape,
                examples=report.examples,
                source=str(source.absolute()),
                created_at=self._clock.now(),
                report=report,
            )
            write_json(staging / "dataset.json", dataset.model_dump(mode="json"))
        return self._keep(dataset, imported)

    def _keep(self, dataset: Dataset, imported: Path) -> Dataset:
        final = self._folders.dataset(dataset.dataset_id)
        if final.exists():
            shutil.rmtree(imported)
        else:
            imported.rename(final)
        with self._store.writing() as tx:
            known = tx.datasets.get(dataset.dataset_id)
            if known is None or known.name != dataset.name:
                tx.datasets.add(dataset)
        return dataset

    def resolve(self, reference: str, **how: Any) -> Dataset:
        """An imported dataset by name or id, else the file of that path, imported now."""
        if exists(Path(reference).expanduser()):
            return self.import_file(reference, **how)
        return self.get(reference)

    def get(self, reference: str) -> Dataset:
        with self._store.reading() as tx:
            try:
                return tx.datasets.find(reference)
            except DatasetNotFound:
                if "/" in reference or "." in reference:
                    raise DatasetFileMissing(path=reference) from None
                raise

    def examples(self, dataset: Dataset) -> Iterator[Example]:
        return read_examples(self._folders.examples(dataset.dataset_id))

    def preview(self, dataset: Dataset, offset: int = 0, limit: int = 20) -> list[dict[str, Any]]:
        page = itertools.islice(self.examples(dataset), offset, offset + limit)
        return [to_dict(example) for example in page]

    def list(self) -> list[Dataset]:
        with self._store.reading() as tx:
            return tx.datasets.list()


def _refuse(report: DatasetReport, path: str, *, confirmed: bool, skip_bad_rows: bool) -> None:
    errors = [finding for finding in report.findings if finding.level is Level.ERROR]
    if errors and not skip_bad_rows:
        first = f"{errors[0].place}: {errors[0].sentence}" if str(errors[0].place) else errors[0].sentence
        count = f"{report.errors} problems" if report.errors > 1 else "1 problem"
        raise DatasetHasErrors(source=path, errors=count, first=first)
    if report.examples == 0:
        raise DatasetEmpty(source=path)
    if report.mapping.confidence < CONFIRM_BELOW and not confirmed:
        raise DatasetMappingUnsure(source=path, reason=report.mapping.reason, shape=report.mapping.shape.value)


def _plain_name(source: Path) -> str:
    return source.stem.lower().replace(" ", "-").replace("_", "-")
