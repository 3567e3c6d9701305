"""Bringing examples in: send or name a file, see what is found, say how it is read, mend it, import it."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Annotated, ClassVar
from urllib.parse import urlencode

from fastapi import APIRouter, Depends, Form, Request, UploadFile
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from luthier.domain.background import WorkState
from luthier.domain.checks import SourceCheck
from luthier.domain.datasets import DatasetReport, Shape
from luthier.domain.errors import LuthierError, Problem
from luthier.domain.findings import Finding, Level
from luthier.domain.imports import Import, ImportRequest
from luthier.domain.uploads import Upload
from luthier.server.web.context import Context
from luthier.server.web.frame import Frame, frame_of, workspace_of
from luthier.server.web.import_form import ImportForm, import_form
from luthier.server.web.leading import lead_to, part_or_page
from luthier.server.web.rendering import render
from luthier.workspace import Workspace

router = APIRouter(prefix="/datasets/import", include_in_schema=False)

_PLACES = 3  # of a kind of finding that are named

SentForm = Annotated[ImportForm, Depends(import_form)]


@dataclass(frozen=True, slots=True)
class FindingGroup:
    """All findings that say the same: shown once, with how often and where."""

    first: Finding
    count: int
    places: Sequence[str]


@dataclass(frozen=True, slots=True)
class ImportCheck(Context):
    template: ClassVar[str] = "fragments/import_check.html"

    form: ImportForm
    start: str  # what its button posts to; empty where the button sends the form of the import page
    check: SourceCheck | None  # None while no file is given, or when it cannot be begun
    report: DatasetReport | None
    problem: Problem | None
    groups: Sequence[FindingGroup]
    shapes: Sequence[Shape]
    parts: Sequence[str]


@dataclass(frozen=True, slots=True)
class ImportPage(Context):
    template: ClassVar[str] = "pages/dataset_import.html"

    frame: Frame
    form: ImportForm
    upload: Upload | None
    check: ImportCheck
    job: "ImportProgress | None"  # the one that is watched
    unfinished: Sequence[Import]


@dataclass(frozen=True, slots=True)
class ImportProgress(Context):
    template: ClassVar[str] = "fragments/import_progress.html"

    job: Import
    address: str = "/datasets/import"  # below which it is watched and called off


@router.get("")
def import_page(request: Request, path: str = "", upload: str = "", job: str = "") -> Response:
    workspace = workspace_of(request)
    watched = workspace.imports.get(job) if job else None
    if watched and watched.state is WorkState.DONE:
        return RedirectResponse(f"/datasets/{watched.dataset_id}", 303)
    sent = workspace.uploads.get(upload) if upload else None
    unfinished = [job for job in workspace.imports.list() if job.state.is_open or job.state is WorkState.UNFINISHED]
    form = ImportForm(path=path, upload=upload)
    page = ImportPage(
        frame=frame_of(request),
        form=form,
        upload=sent,
        check=checked(workspace, form),
        job=ImportProgress(job=watched) if watched else None,
        unfinished=unfinished,
    )
    return render(page)


@router.post("/send")
def send(request: Request, file: Annotated[UploadFile, Form()]) -> Response:
    """For a browser without scripts; with them the file is sent in pieces, over the API."""
    sent = workspace_of(request).uploads.keep(file.filename, file.file, file.size or 0)
    return RedirectResponse(f"/datasets/import?{urlencode({'upload': sent.upload_id})}", 303)


@router.post("/check")
def check(request: Request, form: SentForm) -> HTMLResponse:
    """Asked for again and again while the file is looked through."""
    return render(checked(workspace_of(request), form))


@router.post("/check/{check_id}/cancel")
def cancel_check(request: Request, check_id: str) -> Response:
    workspace_of(request).checks.cancel(check_id)
    return Response(status_code=204)


@router.post("/start")
def start(request: Request, form: SentForm) -> Response:
    return _progress_of(request, begin_import(workspace_of(request), form))


@router.get("/{import_id}")
def progress(request: Request, import_id: str) -> Response:
    """Asked for again and again by the part that it draws; leads to the dataset once it is there."""
    job = workspace_of(request).imports.get(import_id)
    if job.state is WorkState.DONE:
        return lead_to(request, f"/datasets/{job.dataset_id}")
    return _progress_of(request, job)


@router.post("/{import_id}/cancel")
def cancel(request: Request, import_id: str) -> Response:
    return _progress_of(request, workspace_of(request).imports.cancel(import_id))


@router.post("/{import_id}/resume")
def resume(request: Request, import_id: str) -> HTMLResponse:
    return render(ImportProgress(job=workspace_of(request).imports.resume(import_id)))


def _progress_of(request: Request, job: Import) -> Response:
    return part_or_page(request, ImportProgress(job=job), f"/datasets/import?{urlencode({'job': job.import_id})}")


def begin_import(workspace: Workspace, form: ImportForm) -> Import:
    return workspace.imports.begin(_request_of(workspace, form))


def groups_of(findings: Iterable[Finding]) -> list[FindingGroup]:
    """Errors first; within a level the most frequent first."""
    alike: dict[tuple[str, str], list[Finding]] = {}
    for finding in findings:
        alike.setdefault((finding.code, finding.sentence), []).append(finding)
    groups = [
        FindingGroup(found[0], len(found), [str(each.place) for each in found[:_PLACES] if str(each.place)])
        for found in alike.values()
    ]
    return sorted(groups, key=lambda group: (list(Level).index(group.first.level), -group.count))


def checked(workspace: Workspace, form: ImportForm, start: str = "") -> ImportCheck:
    """As far as it is: most files are looked through at once, others are asked for again."""
    check, problem = None, None
    try:
        check = workspace.checks.of(_request_of(workspace, form)) if form.upload or form.path else None
    except LuthierError as error:
        problem = error.problem
    report = check.report if check else None
    parts = workspace.datasets.parts(report.mapping.shape) if report else ()
    return ImportCheck(
        form=form,
        start=start,
        check=check,
        report=report,
        problem=check.problem if check else problem,
        groups=groups_of(report.findings) if report else (),
        shapes=tuple(Shape),
        parts=list(dict.fromkeys([*(report.mapping.columns if report else ()), *sorted(parts)])),
    )


def _request_of(workspace: Workspace, form: ImportForm) -> ImportRequest:
    return ImportRequest(
        path=str(workspace.uploads.path(form.upload)) if form.upload else form.path,
        upload_id=form.upload or None,
        name=form.name or None,
        shape=form.shape or None,
        columns=form.columns,
        options=form.options,
        skip_bad_rows=form.skip_bad_rows,
    )
