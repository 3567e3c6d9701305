"""Every hostile file gives a located message or the right examples: never a trace, never a wrong alarm."""

from pathlib import Path

import pytest

from luthier.data.check import Scan
from luthier.data.readers.rows import Reading
from luthier.domain.datasets import DatasetReport, Example
from luthier.domain.errors import LuthierError
from luthier.domain.findings import Finding, Level
from tests.data.hostile.cases import Case
from tests.data.hostile.write import CORPUS, names_used_twice, write

LARGEST = 5_000_000
pytestmark = pytest.mark.timeout(30)


@pytest.fixture(scope="module")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("corpus")
    write(folder)
    return folder


def scanned(path: Path, case: Case) -> tuple[DatasetReport, int]:
    scan = Scan(path, reading=Reading(limits=case.limits))
    examples = sum(isinstance(item, Example) for item in scan)
    return scan.report(), examples


def shown(finding: Finding, wanted: list[str]) -> str:
    """In the form in which a case says it: with as much of the place as the case names."""
    code = finding.code.removeprefix("dataset.")
    mark = "~" if finding.level is Level.NOTE else ""
    for form in (f"{mark}{code}:{finding.place.file}", f"{mark}{code}:{finding.place.line}", f"{mark}{code}"):
        if form in wanted:
            return form
    return f"{mark}{code}:{finding.place}"


def test_the_corpus_is_large_and_each_file_small() -> None:
    assert len(CORPUS) >= 250
    assert names_used_twice() == []
    assert [name for name, case in CORPUS.items() if len(case.content) > LARGEST] == []


@pytest.mark.parametrize("name", CORPUS)
def test_a_hostile_file_is_refused_in_words_or_read_with_what_is_wrong_in_its_place(corpus: Path, name: str) -> None:
    case = CORPUS[name]
    if case.refused:
        with pytest.raises(LuthierError) as raised:
            scanned(corpus / name, case)
        assert raised.value.problem.code == case.refused
        assert case.says in raised.value.problem.sentence
        assert raised.value.problem.actions
        return
    report, examples = scanned(corpus / name, case)
    wanted = list(case.finds)
    found = [shown(each, wanted) for each in report.findings if each.level is not Level.NOTE]
    notes = [shown(each, wanted) for each in report.findings if each.level is Level.NOTE]
    assert sorted(set(found)) == sorted({each for each in wanted if not each.startswith("~")})
    assert {each for each in wanted if each.startswith("~")} <= set(notes)
    assert case.examples in (examples, -1)
    assert examples == report.examples
    assert case.says in "".join(finding.sentence for finding in report.findings)


@pytest.mark.parametrize("name", [name for name, case in CORPUS.items() if not case.refused])
def test_every_problem_has_a_place_and_a_suggestion(corpus: Path, name: str) -> None:
    report, _ = scanned(corpus / name, CORPUS[name])
    problems = [finding for finding in report.findings if finding.level is not Level.NOTE]
    about_the_file = ("dataset.encoding_assumed", "dataset.header_duplicate")
    assert [each.code for each in problems if not str(each.place) and each.code not in about_the_file] == []
    assert [each.code for each in problems if not each.suggestion] == []
    assert [each.code for each in problems if len(each.sentence) > 700] == []
