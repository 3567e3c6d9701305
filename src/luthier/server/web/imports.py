"""Bringing examples in: send or name a file, see what is found, say how it is read, mend it, import it."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, ClassVar

from fastapi import APIRouter, Depends, Request
from fastapi.responses import HTMLResponse, Response

from luthier.domain.background import WorkState
from luthier.domain.datasets import DatasetReport, Shape
from luthier.domain.errors import LuthierError, Problem
from luthier.domain.findings import Finding, Level
from luthier.domain.imports import Import, ImportRequest
from luthier.domain.uploads import Upload
from luthier.server.web.context import Context
from luthier.server.web.frame import Frame, frame_of, workspace_of
from luthier.server.web.import_form import ImportForm, import_form
from luthier.server.web.rendering import render
from luthier.workspace import Workspace

router = APIRouter(prefix="/datasets/import", include_in_schema=False)

_PLACES = 3  # of a kind of finding that are named

Form = Annotated[ImportForm, Depends(import_form)]


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
    waiting: ImportCheck | None  # what stands there while no file is given; None when one is, and will be checked
    unfinished: Sequence[Import]


@dataclass(frozen=True, slots=True)
class ImportProgress(Context):
    template: ClassVar[str] = "fragments/import_progress.html"

    job: Import


@router.get("")
def import_page(request: Request, path: str = "", upload: str = "") -> HTMLResponse:
    workspace = workspace_of(request)
    sent = workspace.uploads.get(upload) if upload else None
    unfinished = [job for job in workspace.imports.list() if job.state.is_open or job.state is WorkState.UNFINISHED]
    form = ImportForm(path=path, upload=upload)
    waiting = None if path or upload else _checked(workspace, form)
    page = ImportPage(frame=frame_of(request), form=form, upload=sent, waiting=waiting, unfinished=unfinished)
    return render(page)


@router.post("/check")
def check(request: Request, form: Form) -> HTMLResponse:
    return render(_checked(workspace_of(request), form))


@router.post("/start")
def start(request: Request, form: Form) -> HTMLResponse:
    workspace = workspace_of(request)
    wanted = ImportRequest(
        path=_file_of(workspace, form),
        upload_id=form.upload or None,
        name=form.name or None,
        shape=form.shape or None,
        columns=form.columns,
        options=form.options,
        skip_bad_rows=form.skip_bad_rows,
    )
    job = workspace.imports.begin(wanted)
    return render(ImportProgress(job=job))


@router.get("/{import_id}")
def progress(request: Request, import_id: str) -> Response:
    """Asked for again and again by the part that it draws; leads to the dataset once it is there."""
    job = workspace_of(request).imports.get(import_id)
    if job.state is WorkState.DONE:
        return Response(status_code=204, headers={"HX-Redirect": f"/datasets/{job.dataset_id}"})
    return render(ImportProgress(job=job))


@router.post("/{import_id}/cancel")
def cancel(request: Request, import_id: str) -> HTMLResponse:
    return render(ImportProgress(job=workspace_of(request).imports.cancel(import_id)))


@router.post("/{import_id}/resume")
def resume(request: Request, import_id: str) -> HTMLResponse:
    return render(ImportProgress(job=workspace_of(request).imports.resume(import_id)))


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


def _checked(workspace: Workspace, form: ImportForm) -> ImportCheck:
    report, problem = None, None
    try:
        if form.upload or form.path:
            with workspace.uploads.named_as_sent(form.upload or None):
                report = workspace.datasets.check(
                    _file_of(workspace, form), shape=form.shape or None, columns=form.columns, options=form.options
                )
    except LuthierError as error:
        problem = error.problem
    parts = workspace.datasets.parts(report.mapping.shape) if report else ()
    return ImportCheck(
        form=form,
        report=report,
        problem=problem,
        groups=groups_of(report.findings) if report else (),
        shapes=tuple(Shape),
        parts=list(dict.fromkeys([*(report.mapping.columns if report else ()), *sorted(parts)])),
    )


def _file_of(workspace: Workspace, form: ImportForm) -> str:
    return str(workspace.uploads.path(form.upload)) if form.upload else str(Path(form.path).expanduser())
