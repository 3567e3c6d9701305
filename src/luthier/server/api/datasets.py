"""Datasets over HTTP: check and import a file of this machine, or one that is sent."""

import os
import shutil
from pathlib import Path, PurePosixPath, PureWindowsPath
from tempfile import TemporaryDirectory
from typing import Annotated

from fastapi import APIRouter, File, Form, Query, UploadFile
from pydantic import BaseModel, Field

from luthier.domain.datasets import DatasetReport
from luthier.domain.errors import Action, LuthierError, Problem
from luthier.domain.requests import UploadNeedsSpace
from luthier.kit.files import free_bytes
from luthier.kit.units import show_bytes
from luthier.server.api.access import PROBLEMS, OpenWorkspace, Reference
from luthier.server.api.paging import Cursor, Limit, Page, page_of
from luthier.server.api.views import DatasetView, Rows, shown_report

UPLOAD_PREFIX = ".upload-"  # of the folders in which sent files lie while they are imported

router = APIRouter(prefix="/datasets", tags=["datasets"], responses=PROBLEMS)


class Source(BaseModel):
    """A file or folder of the machine that the server runs on."""

    path: str = Field(min_length=1, max_length=4096)
    shape: str | None = Field(default=None, max_length=40, description="how to read it; found out when left out")
    columns: dict[str, str] = Field(default={}, description="part of the shape -> column of the file")


class Import(Source):
    name: str | None = Field(default=None, min_length=1, max_length=120)
    skip_bad_rows: bool = False


@router.get("")
def list_datasets(workspace: OpenWorkspace, limit: Limit = 50, cursor: Cursor = None) -> Page[DatasetView]:
    shown = [DatasetView.of(dataset) for dataset in workspace.datasets.list()]
    return page_of(shown, lambda dataset: dataset.dataset_id, cursor, limit)


@router.post("/check")
def check_dataset(workspace: OpenWorkspace, source: Source) -> DatasetReport:
    """The report without importing. Problems of single rows are findings, each with its place."""
    return shown_report(workspace.datasets.check(source.path, shape=source.shape, columns=source.columns))


@router.post("", status_code=201)
def import_dataset(workspace: OpenWorkspace, source: Import) -> DatasetView:
    """Importing the same file twice gives the same dataset."""
    dataset = workspace.datasets.import_file(
        source.path,
        name=source.name,
        shape=source.shape,
        columns=source.columns,
        skip_bad_rows=source.skip_bad_rows,
    )
    return DatasetView.of(dataset)


@router.post("/upload", status_code=201)
def upload_dataset(
    workspace: OpenWorkspace,
    file: Annotated[UploadFile, File(description="up to 2 GB; larger ones are imported from their place")],
    name: Annotated[str | None, Form(min_length=1, max_length=120)] = None,
    shape: Annotated[str | None, Form(max_length=40)] = None,
    skip_bad_rows: Annotated[bool, Form()] = False,
) -> DatasetView:
    """Imports a file that is sent with the request."""
    folder = workspace.settings.workspace_folder
    needed, free = file.size or 0, free_bytes(folder)
    if 2 * needed > free:  # the file itself, and its examples in canonical form
        raise UploadNeedsSpace(needed=show_bytes(needed), free=show_bytes(free))
    with TemporaryDirectory(prefix=UPLOAD_PREFIX, dir=folder) as place:
        path = Path(place) / _plain_name(file.filename)
        with open(path, "wb") as copy:
            shutil.copyfileobj(file.file, copy, 1 << 20)
        try:
            dataset = workspace.datasets.import_file(
                str(path), name=name or path.stem, shape=shape, skip_bad_rows=skip_bad_rows
            )
        except LuthierError as error:
            error.problem = _as_sent(error.problem, f"{place}{os.sep}")
            raise
    return DatasetView.of(dataset)


@router.get("/{reference}")
def get_dataset(workspace: OpenWorkspace, reference: Reference) -> DatasetView:
    return DatasetView.of(workspace.datasets.get(reference))


@router.get("/{reference}/rows")
def get_rows(
    workspace: OpenWorkspace,
    reference: Reference,
    offset: Annotated[int, Query(ge=0, lt=2**63)] = 0,
    limit: Limit = 20,
) -> Rows:
    dataset = workspace.datasets.get(reference)
    return Rows(offset=offset, total=dataset.examples, rows=workspace.datasets.preview(dataset, offset, limit))


def _as_sent(problem: Problem, place: str) -> Problem:
    """Speaks of the file by the name it was sent under; where it lay meanwhile is gone and concerns nobody."""
    actions = [
        Action(label=action.label.replace(place, ""), command=action.command and action.command.replace(place, ""))
        for action in problem.actions
    ]
    return problem.model_copy(
        update={"sentence": problem.sentence.replace(place, ""), "actions": tuple(actions), "fields": {}}
    )


def _plain_name(sent: str | None) -> str:
    """The last part of the name that a browser sent, whatever system it runs on; it cannot lead elsewhere."""
    last = PureWindowsPath(PurePosixPath(sent or "").name).name
    plain = "".join(letter for letter in last if letter.isprintable() and letter not in '<>:"|?*').lstrip(".")
    return plain[-120:] or "upload"
