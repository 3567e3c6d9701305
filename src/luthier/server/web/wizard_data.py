"""The wizard's examples: what is found in them as soon as they are chosen, and the import of a file that was sent."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any, ClassVar
from urllib.parse import urlencode

from fastapi import APIRouter, Depends, Form, Request, UploadFile
from fastapi.responses import Response

from luthier.domain.background import WorkState
from luthier.domain.datasets import DatasetReport
from luthier.domain.drafts import Draft
from luthier.domain.errors import LuthierError, Problem
from luthier.domain.imports import Import
from luthier.server.web.context import Context
from luthier.server.web.frame import workspace_of
from luthier.server.web.import_form import ImportForm, import_form
from luthier.server.web.imports import ImportCheck, ImportProgress, begin_import, checked
from luthier.server.web.leading import lead_to, part_or_page
from luthier.server.web.rendering import render
from luthier.server.web.wizard_forms import sample_of, source_of
from luthier.workspace import Workspace

router = APIRouter(prefix="/train", include_in_schema=False)

SentImport = Annotated[ImportForm, Depends(import_form)]


@dataclass(frozen=True, slots=True)
class DataQuery:
    """What a browser without scripts is at, beside the draft."""

    upload: str = ""  # a file that it sent
    job: str = ""  # an import that it began


AskedData = Annotated[DataQuery, Depends(DataQuery)]


@dataclass(frozen=True, slots=True)
class DataFound(Context):
    """Of a file the whole check, with what can be mended; of a dataset or sample what is known of it."""

    template: ClassVar[str] = "fragments/wizard_data.html"

    check: ImportCheck | None
    report: DatasetReport | None
    problem: Problem | None
    is_late: bool = False  # it takes the place of the one in the page


@router.post("/{draft_id}/data/found")
def found_now(request: Request, draft_id: str, form: SentImport) -> Response:
    """Asked for again and again while the file is looked through."""
    workspace = workspace_of(request)
    return render(found_in(workspace, workspace.drafts.get(draft_id), form))


@router.post("/{draft_id}/data/send")
def send(request: Request, draft_id: str, file: Annotated[UploadFile, Form()]) -> Response:
    """For a browser without scripts; with them the file is sent in pieces, over the API."""
    workspace = workspace_of(request)
    draft = workspace.drafts.get(draft_id)
    sent = workspace.uploads.keep(file.filename, file.file, file.size or 0)
    return lead_to(request, f"/train/{draft.draft_id}/data?{urlencode({'upload': sent.upload_id})}")


@router.post("/{draft_id}/data/import")
def start_import(request: Request, draft_id: str, form: SentImport) -> Response:
    workspace = workspace_of(request)
    workspace.drafts.get(draft_id)
    return _progress_of(request, draft_id, begin_import(workspace, form))


@router.get("/{draft_id}/data/import/{import_id}")
def import_progress(request: Request, draft_id: str, import_id: str) -> Response:
    """Asked for again and again by the part that it draws; once the dataset is there, the draft has it."""
    workspace = workspace_of(request)
    job = workspace.imports.get(import_id)
    if job.state is not WorkState.DONE:
        return _progress_of(request, draft_id, job)
    changes = {"data": job.dataset_id, "shape": None, "columns": None, "skip_bad_rows": None}
    workspace.drafts.change(draft_id, changes)
    return lead_to(request, f"/train/{draft_id}/data")


@router.post("/{draft_id}/data/import/{import_id}/cancel")
def cancel_import(request: Request, draft_id: str, import_id: str) -> Response:
    return _progress_of(request, draft_id, workspace_of(request).imports.cancel(import_id))


def found_in(workspace: Workspace, draft: Draft, form: ImportForm | None = None) -> DataFound:
    """`form` is the step's form as it stands, of which a draft keeps only what a recipe can say."""
    data = str(draft.values.get("data", ""))
    if (form and form.upload) or (data and source_of(draft.values, has_datasets=True) == "file"):
        return DataFound(
            check=checked(workspace, form or _form_of(draft), _address(draft.draft_id)), report=None, problem=None
        )
    if not data:
        return DataFound(check=None, report=None, problem=None)
    try:
        is_source = bool(sample_of(draft.values))
        report = workspace.datasets.check(data) if is_source else workspace.datasets.get(data).report
    except LuthierError as error:
        return DataFound(check=None, report=None, problem=error.problem)
    return DataFound(check=None, report=report, problem=None)


def data_label(workspace: Workspace, values: Mapping[str, Any]) -> str:
    """What the chosen examples are called; empty for none."""
    data = str(values.get("data", ""))
    known = next((each for each in workspace.datasets.list() if data in (each.dataset_id, each.label)), None)
    return sample_of(values) or (known.label if known else data.rstrip("/").rpartition("/")[2])


def progress_in(workspace: Workspace, draft: Draft, import_id: str) -> ImportProgress:
    return ImportProgress(job=workspace.imports.get(import_id), address=_address(draft.draft_id))


def _progress_of(request: Request, draft_id: str, job: Import) -> Response:
    page = f"/train/{draft_id}/data?{urlencode({'job': job.import_id})}"
    return part_or_page(request, ImportProgress(job=job, address=_address(draft_id)), page)


def _form_of(draft: Draft) -> ImportForm:
    how = draft.values
    return ImportForm(
        path=str(how["data"]),
        shape=str(how.get("shape", "")),
        columns=how.get("columns", {}),
        skip_bad_rows=bool(how.get("skip_bad_rows")),
    )


def _address(draft_id: str) -> str:
    return f"/train/{draft_id}/data/import"
