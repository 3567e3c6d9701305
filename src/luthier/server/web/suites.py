"""Suites of one's own in the browser: a text is looked at with its mistakes, then kept; and one that goes again."""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, ClassVar

from fastapi import APIRouter, Form, Request, UploadFile
from fastapi.responses import Response

from luthier.domain.errors import LuthierError, Problem
from luthier.domain.suites import Suite, SuiteInvalid
from luthier.server.web.context import Context
from luthier.server.web.frame import Frame, frame_of, workspace_of
from luthier.server.web.leading import lead_to
from luthier.server.web.rendering import render

router = APIRouter(prefix="/evaluations/add-suite", include_in_schema=False)

_MOST_CHARACTERS = 1_000_000  # two thousand cases take less
_FILE_NAME = "my-suite.yaml"
_BEGINNING = """\
name: my-suite
about: What it asks, in a sentence
scorers: [normalised]
cases:
  - prompt: What is 2 + 2? Answer with the number.
    expected: "4"
  - prompt: Name the colour of grass in one word.
    expected: green
"""

Text = Annotated[str, Form(max_length=_MOST_CHARACTERS)]
FileName = Annotated[str, Form(max_length=200)]


@dataclass(frozen=True, slots=True)
class NewSuitePage(Context):
    template: ClassVar[str] = "pages/suite_new.html"

    frame: Frame
    text: str
    file_name: str  # whose ending says how the text is written
    suite: Suite | None  # what it would be; None where it is not looked at, or `problem` says what is wrong
    problem: Problem | None


@router.get("")
def begin(request: Request) -> Response:
    page = NewSuitePage(frame=frame_of(request), text=_BEGINNING, file_name=_FILE_NAME, suite=None, problem=None)
    return render(page)


@router.post("")
def look(
    request: Request, text: Text = "", file_name: FileName = _FILE_NAME, file: UploadFile | None = None
) -> Response:
    """Shows what was given: a file, else the text of the field."""
    suite, problem = None, None
    try:
        if file is not None and file.filename:
            file_name, text = file.filename, _text_of(file)
        else:
            file_name = f"{Path(file_name).stem}{'.jsonl' if _is_lines(text) else '.yaml'}"
        suite = workspace_of(request).suites.parse(text, file_name)
    except LuthierError as error:
        problem = error.problem
    page = NewSuitePage(frame=frame_of(request), text=text, file_name=file_name, suite=suite, problem=problem)
    return render(page)


@router.post("/keep")
def keep(request: Request, text: Text, file_name: FileName) -> Response:
    kept = workspace_of(request).suites.add(text, file_name)
    return lead_to(request, f"/evaluations/suites/{kept.name}")


@router.post("/remove")
def remove(request: Request, name: Annotated[str, Form(max_length=200)]) -> Response:
    """Evaluations that were made of it stay."""
    workspace_of(request).suites.remove(name)
    return lead_to(request, "/evaluations")


def _text_of(file: UploadFile) -> str:
    """Raises SuiteInvalid."""
    content = file.file.read()  # the server takes no larger body than a suite may be
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise SuiteInvalid(source=file.filename, where=f"line {line}", reason="this is no text in UTF-8") from error


def _is_lines(text: str) -> bool:
    """Whether each line is a JSON object of its own."""
    lines = [line for line in text.splitlines() if line.strip()]
    return bool(lines) and all(line.startswith("{") and line.rstrip().endswith("}") for line in lines)
