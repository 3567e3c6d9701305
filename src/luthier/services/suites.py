"""Suites as people look them up: those that come with Luthier, their own, files, and the examples of a dataset."""

from collections.abc import Iterable, Sequence
from itertools import islice
from pathlib import Path

from luthier.data.canonical import read_examples
from luthier.domain.datasets import Example
from luthier.domain.suites import (
    MOST_CASES,
    NothingHeldOut,
    ScorerName,
    ScorerUnfit,
    Suite,
    SuiteBuiltIn,
    SuiteEmpty,
    SuiteInvalid,
    SuiteNameTaken,
    SuiteNotFound,
)
from luthier.evaluation.example_cases import cases_from
from luthier.evaluation.suite_files import ENDINGS, built_in_suites, parse_suite, read_suite
from luthier.evaluation.suite_scorings import ScoringFault, named, scorings_from
from luthier.kit.files import exists, write_atomically
from luthier.services.datasets import Datasets
from luthier.services.folders import Folders

HELD_OUT = "held-out"  # those of the run that made the target
DATASET = "dataset:"
FEW_CASES = 100  # of a dataset, when nobody says how many
_OPEN_SCORERS: tuple[ScorerName, ...] = ("chrf", "rouge")


class Suites:
    def __init__(self, datasets: Datasets, folders: Folders) -> None:
        self._datasets = datasets
        self._folders = folders

    def list(self) -> "list[Suite]":
        """Those that come with Luthier, then the workspace's own. A file of those that is damaged is left out."""
        return [*built_in_suites(), *self._own()]

    def named(self, name: str) -> Suite:
        """One that is kept, or `dataset:NAME`: for who may ask and see no files.

        Raises SuiteNotFound, and SuiteInvalid when its file was damaged.
        """
        if name.startswith(DATASET):
            return self._of_dataset(name.removeprefix(DATASET), ())
        found = self._kept(name)
        if found is None:
            raise SuiteNotFound(name=name)
        return found

    def get(self, reference: str, scorers: Sequence[str] = ()) -> Suite:
        """By name, `dataset:NAME`, or the path of a file. `scorers` take the place of the suite's own.

        Raises SuiteNotFound, SuiteInvalid with the line, SuiteEmpty, ScorerUnfit, and what a dataset raises.
        """
        if reference.startswith(DATASET):
            return self._of_dataset(reference.removeprefix(DATASET), scorers)
        return rescored(self._kept(reference) or self.check(Path(reference)), scorers)

    def check(self, path: Path) -> Suite:
        """Of a file that was not added. Raises SuiteNotFound, SuiteInvalid, SuiteEmpty."""
        if path.suffix.lower() not in ENDINGS or not exists(path.expanduser()):
            raise SuiteNotFound(name=path)
        return read_suite(path.expanduser())

    def parse(self, text: str, file_name: str) -> Suite:
        """Of a text that somebody sends. Raises SuiteInvalid, SuiteEmpty."""
        return parse_suite(text, Path(file_name).stem, Path(file_name).name)

    def add(self, text: str, file_name: str) -> Suite:
        """Keeps it under its name. Raises SuiteNameTaken, and what `parse` raises."""
        suite = self.parse(text, file_name)
        if any(other.name == suite.name for other in self.list()):
            raise SuiteNameTaken(name=suite.name)
        if not _is_plain(suite.name):
            raise SuiteInvalid(source=file_name, where="name", reason="letters, digits, dots and hyphens make a name")
        ending = ".jsonl" if file_name.endswith(".jsonl") else ".yaml"
        write_atomically(self._folders.suites / f"{suite.name}{ending}", text.encode())
        return suite.model_copy(update={"origin": "workspace"})

    def remove(self, name: str) -> Suite:
        """Evaluations that were made of it stay. Raises SuiteNotFound, SuiteBuiltIn."""
        found = self.named(name)
        if found.origin == "built-in":
            raise SuiteBuiltIn(name=name)
        for ending in ENDINGS:
            (self._folders.suites / f"{name}{ending}").unlink(missing_ok=True)
        return found

    def held_out(self, run_id: str, target: str, scorers: Sequence[str]) -> Suite:
        """The examples that the run kept from training. Raises NothingHeldOut."""
        file = self._folders.run(run_id).held_out_file
        if not file.is_file():
            raise NothingHeldOut(target=target)
        suite = _from_examples(HELD_OUT, f"held out from {target}", islice(read_examples(file), MOST_CASES), scorers)
        return suite.model_copy(update={"origin": "held-out"})

    def _of_dataset(self, name: str, scorers: Sequence[str]) -> Suite:
        dataset = self._datasets.get(name)
        rows = islice(self._datasets.examples(dataset), MOST_CASES)
        suite = _from_examples(f"{DATASET}{dataset.label}", dataset.source, rows, scorers)
        return suite.model_copy(update={"origin": "dataset"})

    def _kept(self, name: str) -> Suite | None:
        found = next((suite for suite in built_in_suites() if suite.name == name), None)
        if found is not None or not _is_plain(name):
            return found
        files = (self._folders.suites / f"{name}{ending}" for ending in ENDINGS)
        return next((_own(file) for file in files if file.is_file()), None)

    def _own(self) -> Iterable[Suite]:
        for path in sorted(self._folders.suites.glob("*")):
            if path.suffix in ENDINGS:
                try:
                    yield _own(path)
                except (SuiteInvalid, SuiteEmpty):
                    continue


def _own(path: Path) -> Suite:
    return read_suite(path).model_copy(update={"origin": "workspace", "name": path.stem})


def rescored(suite: Suite, scorers: Sequence[str]) -> Suite:
    """The same cases under other scorers. Raises ScorerUnfit."""
    if not scorers:
        return suite
    cases = []
    for case in suite.cases:
        try:
            scoring = scorings_from([named(name) for name in scorers], case.expected, has_tools=bool(case.tools))
        except ScoringFault as fault:
            raise ScorerUnfit(scorer=", ".join(scorers), reason=f"case {case.case_id}: {fault}") from fault
        cases.append(case.model_copy(update={"scoring": scoring}))
    return suite.model_copy(update={"cases": tuple(cases)})


def _from_examples(name: str, source: str, examples: Iterable[Example], scorers: Sequence[str]) -> Suite:
    cases = tuple(cases_from(examples, _OPEN_SCORERS))
    if not cases:
        raise SuiteEmpty(source=name)
    return rescored(Suite(name=name, source=source, cases=cases), scorers)


def _is_plain(name: str) -> bool:
    return bool(name) and name == Path(name).name and not name.startswith(".") and ":" not in name
