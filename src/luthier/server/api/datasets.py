"""Datasets over HTTP: check and import a file of this machine, or one that is sent."""

from typing import Annotated

from fastapi import APIRouter, File, Form, Query, UploadFile
from pydantic import BaseModel, Field

from luthier.domain.dataset_sources import SourceOptions
from luthier.domain.datasets import DatasetReport
from luthier.domain.imports import ImportRequest
from luthier.server.api.access import PROBLEMS, OpenWorkspace, Reference
from luthier.server.api.paging import Cursor, Limit, Page, page_of
from luthier.server.api.views import DatasetView, Rows, shown_report

router = APIRouter(prefix="/datasets", tags=["datasets"], responses=PROBLEMS)


class Source(BaseModel):
    """A file or folder of the machine that the server runs on, or anything else that can be imported by name."""

    path: str = Field(min_length=1, max_length=4096)
    shape: str | None = Field(default=None, max_length=40, description="how to read it; found out when left out")
    columns: dict[str, str] = Field(default={}, description="part of the shape -> column of the file")
    options: SourceOptions = Field(default=SourceOptions(), description="encoding, query of a database, fixes")


class Import(Source):
    name: str | None = Field(default=None, min_length=1, max_length=120)
    skip_bad_rows: bool = False


@router.get("")
def list_datasets(workspace: OpenWorkspace, limit: Limit = 50, cursor: Cursor = None) -> Page[DatasetView]:
    shown = [DatasetView.of(dataset) for dataset in workspace.datasets.list()]
    return page_of(shown, lambda dataset: dataset.label, cursor, limit)


@router.post("/check")
def check_dataset(workspace: OpenWorkspace, source: Source) -> DatasetReport:
    """The report without importing. Problems of single rows are findings, each with its place."""
    report = workspace.datasets.check(source.path, shape=source.shape, columns=source.columns, options=source.options)
    return shown_report(report)


@router.post("", status_code=201)
def import_dataset(workspace: OpenWorkspace, source: Import) -> DatasetView:
    """Importing the same file twice gives the same dataset."""
    return DatasetView.of(workspace.imports.run(ImportRequest(**source.model_dump())))


@router.post("/upload", status_code=201)
def upload_dataset(
    workspace: OpenWorkspace,
    file: Annotated[UploadFile, File(description="up to 2 GB; larger ones are imported from their place")],
    name: Annotated[str | None, Form(min_length=1, max_length=120)] = None,
    shape: Annotated[str | None, Form(max_length=40)] = None,
    skip_bad_rows: Annotated[bool, Form()] = False,
) -> DatasetView:
    """Imports a file that is sent with the request."""
    upload = workspace.uploads.keep(file.filename, file.file, file.size or 0)
    try:
        with workspace.uploads.named_as_sent(upload.upload_id):
            wanted = ImportRequest(
                path=str(workspace.uploads.path(upload.upload_id)),
                upload_id=upload.upload_id,
                name=name,
                shape=shape,
                skip_bad_rows=skip_bad_rows,
            )
            return DatasetView.of(workspace.imports.run(wanted))
    except Exception:
        workspace.uploads.discard(upload.upload_id)  # it was sent for this alone
        raise


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
