import json

import pytest
import typer

from luthier.cli.errors import (
    FAILED,
    INTERRUPTED,
    NEEDS_ATTENTION,
    WRONG_USAGE,
    exit_code_of,
    exit_code_of_problem,
    report,
)
from luthier.domain.datasets import DatasetEmpty, DatasetNotFound
from luthier.domain.errors import Action, DiskFull, LuthierError, Problem, UnexpectedFailure, concrete_errors
from luthier.domain.models import FolderIsNoModel
from luthier.domain.recipes import RecipeInvalid


def test_every_family_of_errors_has_an_exit_code() -> None:
    own = [family for family in LuthierError.__subclasses__() if family.__module__ == "luthier.domain.errors"]
    assert len(own) == 10
    assert all(exit_code_of(family.__new__(family)) in (FAILED, WRONG_USAGE, NEEDS_ATTENTION) for family in own)
    assert all(exit_code_of(error.__new__(error)) for error in concrete_errors())


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (RecipeInvalid(where="data", reason="it is missing"), WRONG_USAGE),
        (DatasetNotFound(name="orders"), WRONG_USAGE),
        (DatasetEmpty(source="orders.jsonl"), NEEDS_ATTENTION),
        (FolderIsNoModel(folder="here", reason="it is empty"), NEEDS_ATTENTION),
        (DiskFull(path="here", needed="2 GB", free="1 GB"), FAILED),
        (KeyboardInterrupt(), INTERRUPTED),
        (typer.Abort(), INTERRUPTED),
        (ZeroDivisionError("division by zero"), FAILED),
        (SystemExit(7), 7),
    ],
)
def test_an_error_ends_with_the_exit_code_of_its_family(error: BaseException, code: int) -> None:
    assert report(error, as_json=False, debug=False) == code


def test_what_a_worker_found_in_the_data_needs_attention_and_other_failures_do_not() -> None:
    assert exit_code_of_problem(Problem(code="preflight.blocked", sentence="No.")) == NEEDS_ATTENTION
    assert exit_code_of_problem(Problem(code="runs.worker_lost", sentence="No.")) == FAILED


def test_a_defect_shows_its_trace_only_when_asked(capsys: pytest.CaptureFixture[str]) -> None:
    def fail() -> None:
        raise ZeroDivisionError("division by zero")

    for debug in (False, True):
        try:
            fail()
        except ZeroDivisionError as error:
            report(error, as_json=False, debug=debug)
        shown = capsys.readouterr().err
        assert "division by zero" in shown
        assert ("Traceback" in shown) is debug
        assert "Try:" in shown


def test_under_json_the_error_is_the_one_document_on_stdout(capsys: pytest.CaptureFixture[str]) -> None:
    report(DatasetEmpty(source="orders.jsonl"), as_json=True, debug=False)
    shown = capsys.readouterr()
    error = json.loads(shown.out)["error"]
    assert (error["code"], error["sentence"]) == ("datasets.empty", "orders.jsonl holds no examples.")
    assert error["help"] == "/help/errors/datasets.empty"
    assert shown.err.startswith("Error: ")


def test_a_sentence_cannot_steer_the_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    class Odd(UnexpectedFailure):
        code = "test.odd"
        actions = (Action(label="Look at {what}", command="rm {what}"),)

    report(Odd(what="\x1b[2J\u202eorders"), as_json=False, debug=False)
    shown = capsys.readouterr().err
    assert "\x1b" not in shown
    assert "\u202e" not in shown


def test_a_command_to_copy_is_never_broken_over_lines(capsys: pytest.CaptureFixture[str]) -> None:
    path = "a/very/long/path" * 20
    report(FolderIsNoModel(folder=path, reason="it is empty"), as_json=False, debug=False)
    assert path in capsys.readouterr().err
