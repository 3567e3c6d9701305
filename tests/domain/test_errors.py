"""Every error is a full sentence with something to do about it."""

import importlib
import pkgutil

import pytest

import luthier.domain
from luthier.domain.datasets import DatasetFileMissing
from luthier.domain.errors import LuthierError, ReportedProblem, concrete_errors


def _every_error() -> list[type[LuthierError]]:
    for module in pkgutil.iter_modules(luthier.domain.__path__):
        importlib.import_module(f"luthier.domain.{module.name}")
    return [error for error in concrete_errors() if error is not ReportedProblem]


@pytest.mark.parametrize("error", _every_error(), ids=lambda error: error.code)
def test_every_error_is_a_sentence_with_actions(error: type[LuthierError]) -> None:
    assert error.sentence[0].isupper() or error.sentence[0] == "{"
    assert error.sentence.rstrip().endswith((".", "}"))
    assert error.actions
    assert error.code.count(".") == 1


def test_codes_are_unique() -> None:
    codes = [error.code for error in _every_error()]
    assert len(codes) == len(set(codes))


def test_the_fields_fill_the_sentence_and_the_commands() -> None:
    error = DatasetFileMissing(path="orders.jsonl")
    assert str(error) == "There is no file or folder at orders.jsonl."
    assert error.problem.fields == {"path": "orders.jsonl"}


def test_a_reported_problem_keeps_its_own_code_and_words() -> None:
    problem = DatasetFileMissing(path="orders.jsonl").problem
    assert ReportedProblem(problem).problem == problem
    assert str(ReportedProblem(problem)) == problem.sentence
