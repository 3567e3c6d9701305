"""Where datasets are put: a sealed folder named by its content, and a place in the count of its name."""

import shutil
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from luthier.data.canonical import write_examples, write_lines
from luthier.data.example_file import write_index
from luthier.domain.datasets import Dataset, DatasetNameWrong, DatasetReport, Example, Shape
from luthier.domain.derivations import Derivation
from luthier.kit.clock import Clock
from luthier.kit.files import sealed_folder, sha256_of, write_json
from luthier.kit.ids import new_id
from luthier.services.folders import Folders
from luthier.store import Store

_ID_DIGITS = 16  # of the sha256; 64 bits tell any number of datasets apart that one workspace will hold
_LONGEST_NAME = 120
_LEFT_BEHIND_AFTER = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Draft:
    """What is known of a dataset before its examples are written."""

    name: str
    shape: Shape
    source: str


@dataclass(frozen=True, slots=True)
class Written:
    """What is known of it afterwards."""

    report: DatasetReport
    made_by: Derivation


@dataclass(frozen=True, slots=True)
class Volume:
    """A dataset that is written and sealed, and is not on the shelf yet."""

    dataset: Dataset
    folder: Path

    def discard(self) -> None:
        shutil.rmtree(self.folder, ignore_errors=True)


class Shelf:
    def __init__(self, store: Store, folders: Folders, clock: Clock) -> None:
        self._store = store
        self._folders = folders
        self._clock = clock

    def keep(self, draft: Draft, examples: Iterable[Example], written: Callable[[int], Written]) -> Dataset:
        """Writes the examples, whole or not at all. `written` is asked afterwards, with the bytes that they take.

        Content that is there already is not written twice; its name and version are what is new.
        """
        (dataset,) = self.put([self.write(draft, examples, written)])
        return dataset

    def keep_lines(self, draft: Draft, lines: Iterable[bytes], written: Callable[[int], Written]) -> Dataset:
        """As `keep`, of canonical lines."""
        (dataset,) = self.put([self._bound(draft, lambda path: write_lines(path, lines), written)])
        return dataset

    def adopt(self, draft: Draft, rows: Path, written: Callable[[int], Written]) -> Dataset:
        """As `keep`, for a file of canonical examples in this workspace, which is moved."""

        def move(path: Path) -> str:
            rows.replace(path)
            return sha256_of(path)

        (dataset,) = self.put([self._bound(draft, move, written)])
        return dataset

    def write(self, draft: Draft, examples: Iterable[Example], written: Callable[[int], Written]) -> Volume:
        """The first half of `keep`, so that several can be put together."""
        return self._bound(draft, lambda path: write_examples(path, examples), written)

    def put(self, volumes: Sequence[Volume]) -> tuple[Dataset, ...]:
        """All of them get their place and their version at once."""
        for volume in volumes:
            self._move_in(volume)
        with self._store.writing() as tx:
            return tuple(tx.datasets.add(volume.dataset) for volume in volumes)

    def tidy(self) -> None:
        """Throws away what processes that were killed had begun to write: nobody has touched it for a day."""
        oldest = (self._clock.now() - _LEFT_BEHIND_AFTER).timestamp()
        for pattern in (".new_*.part", "new_*"):
            for folder in self._folders.dataset("").glob(pattern):
                if max(path.stat().st_mtime for path in (folder, *folder.iterdir())) < oldest:
                    shutil.rmtree(folder, ignore_errors=True)

    def name(self, dataset: Dataset) -> Dataset:
        """Gives a content that is here its place in the count of `dataset.name`."""
        check_name(dataset.name)
        with self._store.writing() as tx:
            return tx.datasets.add(dataset)

    def _move_in(self, volume: Volume) -> None:
        """Content that is there already stays, and what was written is thrown away; unless it was damaged since."""
        final = self._folders.dataset(volume.dataset.dataset_id)
        known = final / self._folders.examples("").name
        if final.exists() and not (
            known.is_file() and known.stat().st_size == (volume.folder / known.name).stat().st_size
        ):
            shutil.rmtree(final)
        try:
            volume.folder.rename(final)
        except OSError:
            if not final.exists():
                raise
            volume.discard()

    def _bound(self, draft: Draft, fill: Callable[[Path], str], written: Callable[[int], Written]) -> Volume:
        """`fill` makes the file of examples and returns its sha256."""
        check_name(draft.name)
        folder = self._folders.dataset(new_id("new"))
        with sealed_folder(folder, {}) as staging:
            path = staging / self._folders.examples("").name
            sha256 = fill(path)
            write_index(path, staging / self._folders.examples_index("").name)
            known = written(path.stat().st_size)
            dataset = Dataset(
                dataset_id=f"ds_{sha256[:_ID_DIGITS]}",
                name=draft.name,
                sha256=sha256,
                shape=draft.shape,
                examples=known.report.examples,
                source=draft.source,
                created_at=self._clock.now(),
                report=known.report,
                made_by=known.made_by,
            )
            write_json(staging / "dataset.json", dataset.model_dump(mode="json"))
        return Volume(dataset, folder)


def check_name(name: str) -> None:
    """Raises DatasetNameWrong for what could be taken for a path, a version or another kind of source."""
    if not name.strip() or len(name) > _LONGEST_NAME:
        raise DatasetNameWrong(name=name or "''", reason=f"a name has 1 to {_LONGEST_NAME} characters")
    if wrong := [letter for letter in name if letter in "@:/\\" or not letter.isprintable()]:
        raise DatasetNameWrong(name=name, reason=f"it must not hold {wrong[0]!r}")


def plain_name(text: str) -> str:
    """A name that can be given to a dataset, after that of a file."""
    letters = ("-" if letter in "@:/\\ _" else letter for letter in text.lower() if letter.isprintable())
    return "".join(letters)[:_LONGEST_NAME] or "dataset"
