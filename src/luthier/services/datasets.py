"""Datasets: check a file, import it as an immutable, content-named set of examples, look at what is there."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from luthier.connectors.dataset_sources import DatasetSources, is_reference, plain_stem, without_secrets
from luthier.data.canonical import to_dict
from luthier.data.check import Scan
from luthier.data.example_file import ExampleFile
from luthier.data.fixes import chosen
from luthier.data.readers.rows import Reading
from luthier.data.samples import SCHEME, sample_path, samples
from luthier.data.search import search, search_among
from luthier.data.shapes import parts_of
from luthier.domain.dataset_sources import SourceOptions
from luthier.domain.datasets import (
    CONFIRM_BELOW,
    Dataset,
    DatasetEmpty,
    DatasetFileMissing,
    DatasetFilesLost,
    DatasetHasErrors,
    DatasetMappingUnsure,
    DatasetNotFound,
    DatasetReport,
    Example,
    FoundRows,
    Role,
    Sample,
    Shape,
)
from luthier.domain.derivations import Derivation
from luthier.domain.findings import Level
from luthier.domain.imports import ImportRequest
from luthier.domain.jobs import Progress
from luthier.kit.clock import Clock
from luthier.kit.files import exists
from luthier.kit.pacing import now_and_then
from luthier.services.dataset_shelf import Draft, Shelf, Written, plain_name
from luthier.services.folders import Folders
from luthier.store import Store

_SCANNED_AT_ONCE = 200_000  # rows of one search, about a second of work


class Datasets:
    def __init__(self, store: Store, folders: Folders, clock: Clock, sources: DatasetSources) -> None:
        self._store = store
        self._folders = folders
        self._clock = clock
        self._sources = sources
        self.shelf = Shelf(store, folders, clock)

    def check(
        self,
        path: str,
        *,
        shape: str | None = None,
        columns: Mapping[str, str] | None = None,
        options: SourceOptions | None = None,
        on_progress: Callable[[Progress], None] | None = None,
    ) -> DatasetReport:
        """The report of a source, without importing it. Problems of single rows are findings, not exceptions."""
        request = ImportRequest(path=path, shape=shape, columns=dict(columns or {}), options=options or SourceOptions())
        scan = self._scan(request, on_progress)
        scan.read_to_end(on_progress)
        return scan.report()

    def import_file(
        self,
        path: str,
        *,
        name: str | None = None,
        shape: str | None = None,
        columns: Mapping[str, str] | None = None,
        skip_bad_rows: bool = False,
        options: SourceOptions | None = None,
        on_progress: Callable[[Progress], None] | None = None,
    ) -> Dataset:
        """Importing twice is harmless. Wrong rows raise DatasetHasErrors unless `skip_bad_rows` leaves them out."""
        importing = self.importing(
            ImportRequest(
                path=path,
                name=name,
                shape=shape,
                columns=dict(columns or {}),
                options=options or SourceOptions(),
                skip_bad_rows=skip_bad_rows,
            ),
            on_progress,
        )
        lines = importing.scan.canonical()
        if on_progress is not None:
            lines = now_and_then(lines, lambda: on_progress(importing.scan.progress))
        return self.shelf.keep_lines(importing.draft, lines, importing.written)

    def importing(self, request: ImportRequest, on_progress: Callable[[Progress], None] | None = None) -> "Importing":
        """Opens the source and finds its mapping; raises what that raises. Its rows are read as the scan goes on."""
        scan = self._scan(request, on_progress)
        name = request.name or plain_name(_stem_of(request.path))
        return Importing(request, scan, Draft(name, scan.shape, _origin_of(request)), self._clock.now())

    def _scan(self, request: ImportRequest, on_progress: Callable[[Progress], None] | None) -> Scan:
        """Opens the source, after fetching it when it is elsewhere."""
        options = request.options
        reading = Reading(options.encoding, options.query, chosen(options.fixes))
        reference = request.path if is_reference(request.path) else str(_place_of(request.path))
        source = self._sources.open(reference, reading, on_progress)
        return Scan(source, request.shape, dict(request.columns), reading)

    def resolve(self, reference: str, **how: Any) -> Dataset:
        """The file of that path, or a sample, imported now; else an imported dataset by name, name@version or id."""
        if reference.startswith(SCHEME) or is_reference(reference) or _path_of(reference) is not None:
            return self.import_file(reference, **how)
        return self.get(reference)

    def state_of(self, reference: str) -> str:
        """Changes when what `resolve` would give may change. Raises DatasetNotFound."""
        if reference.startswith(SCHEME) or is_reference(reference):
            return reference
        path = _path_of(reference)
        if path is None:
            return self.get(reference).dataset_id
        facts = path.stat()
        return f"{path.absolute()} {facts.st_size} {facts.st_mtime_ns}"

    def get(self, reference: str) -> Dataset:
        with self._store.reading() as tx:
            try:
                return tx.datasets.find(reference)
            except DatasetNotFound:
                if "/" in reference or "." in reference:
                    raise DatasetFileMissing(path=reference) from None
                raise

    def under(self, label: str, dataset_id: str) -> Dataset | None:
        """The dataset of that content, by that label when it still has it; None when it is no longer here."""
        with self._store.reading() as tx:
            try:
                found = tx.datasets.find(label)
            except DatasetNotFound:
                return tx.datasets.get(dataset_id)
            return found if found.dataset_id == dataset_id else tx.datasets.get(dataset_id)

    def examples(self, dataset: Dataset) -> Iterator[Example]:
        return iter(self.file(dataset))

    def preview(self, dataset: Dataset, offset: int = 0, limit: int = 20) -> list[dict[str, Any]]:
        """A page of canonical rows, in a time that does not depend on where it stands."""
        return [to_dict(example) for example in self.file(dataset).page(offset, limit)]

    def search(
        self,
        dataset: Dataset,
        text: str,
        role: Role | None = None,
        *,
        after: int = 0,
        limit: int = 20,
        among: Sequence[int] | None = None,
    ) -> FoundRows:
        """The rows that say `text`, from position `after` on; `among` names the only positions that count.

        One call looks at a bounded number of rows.
        """
        file, how = self.file(dataset), {"after": after, "limit": limit, "scan_at_most": _SCANNED_AT_ONCE}
        found = search(file, text, role, **how) if among is None else search_among(file, among, text, role, **how)
        rows = tuple(to_dict(example) for example in found.examples)
        return FoundRows(rows=rows, positions=found.positions, next=found.next, scanned=found.scanned)

    def file(self, dataset: Dataset) -> ExampleFile:
        """Raises DatasetFilesLost."""
        path = self._folders.examples(dataset.dataset_id)
        if not path.is_file():
            raise DatasetFilesLost(dataset=dataset.label, source=dataset.source)
        return ExampleFile(path, self._folders.examples_index(dataset.dataset_id))

    def folder(self, dataset: Dataset) -> Path:
        """Of its content; what is found out about it once can be kept there."""
        return self._folders.dataset(dataset.dataset_id)

    def versions(self, name: str) -> tuple[Dataset, ...]:
        """Of that name, the newest first."""
        with self._store.reading() as tx:
            return tx.datasets.versions(name)

    def parts(self, shape: str) -> frozenset[str]:
        """What an example of that shape is made of; each can be a column of a source."""
        return parts_of(Shape(shape))

    def samples(self) -> tuple[Sample, ...]:
        """Datasets that come with the package; `sample:NAME` stands where a path may stand."""
        return samples()

    def list(self) -> list[Dataset]:
        with self._store.reading() as tx:
            return tx.datasets.list()


@dataclass(frozen=True)
class Importing:
    """A source that is being read."""

    request: ImportRequest
    scan: Scan
    draft: Draft
    at: datetime

    def written(self, _: int) -> Written:
        """Once every row is read: the report, or DatasetHasErrors and its kin when it must not become a dataset."""
        request, report = self.request, self.scan.report()
        confirmed = request.shape is not None or bool(request.columns)
        _refuse(report, _shown(request.path), confirmed=confirmed, skip_bad_rows=request.skip_bad_rows)
        asked = request.model_dump(mode="json", include={"shape", "columns", "skip_bad_rows"})
        asked |= request.options.model_dump(mode="json", exclude_defaults=True)
        return Written(report, Derivation(what="import", parameters=asked, at=self.at))


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


def _place_of(reference: str) -> Path:
    if reference.startswith(SCHEME):
        return sample_path(reference.removeprefix(SCHEME))
    path = _path_of(reference)
    if path is None:
        raise DatasetFileMissing(path=reference or "(nothing)")
    return path


def _path_of(reference: str) -> Path | None:
    """None when nothing is there. Nothing at all would be the current folder, which nobody means by it."""
    try:
        path = Path(reference).expanduser()
    except RuntimeError:  # ~somebody who has no home here
        return None
    return path if reference.strip() and exists(path) else None


def _stem_of(reference: str) -> str:
    return plain_stem(reference) if is_reference(reference) else _place_of(reference).stem


def _origin_of(request: ImportRequest) -> str:
    """Of a file that was sent only its name: where it lies meanwhile concerns nobody."""
    if request.path.startswith(SCHEME):
        return request.path
    if is_reference(request.path):
        return _shown(request.path)
    place = _place_of(request.path)
    return place.name if request.upload_id is not None else str(place.absolute())


def _shown(reference: str) -> str:
    return without_secrets(reference) if is_reference(reference) else reference
