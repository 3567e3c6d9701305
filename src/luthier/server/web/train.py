"""Starting a run from the browser: choose examples and a base, see what was found and planned, start."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, ClassVar

from fastapi import APIRouter, Form, Request
from fastapi.responses import HTMLResponse, Response

from luthier.domain.datasets import Dataset, DatasetReport
from luthier.domain.errors import LuthierError, Problem
from luthier.domain.models import BaseModel
from luthier.domain.plans import Plan
from luthier.domain.profiles import Profile
from luthier.server.web.context import Context
from luthier.server.web.fetching import Fetch, fetches_of
from luthier.server.web.frame import Frame, frame_of, workspace_of
from luthier.server.web.rendering import render
from luthier.server.web.train_form import SETTINGS, Setting, Source, TrainForm, data_of, recipe_of
from luthier.workspace import Workspace

router = APIRouter(prefix="/train", include_in_schema=False)


@dataclass(frozen=True, slots=True)
class TrainPage(Context):
    template: ClassVar[str] = "pages/train.html"

    frame: Frame
    form: TrainForm
    datasets: Sequence[Dataset]
    bases: Sequence[BaseModel]
    settings: Sequence[Setting]
    profiles: Sequence[Profile]


@dataclass(frozen=True, slots=True)
class TrainCheck(Context):
    template: ClassVar[str] = "fragments/train_check.html"

    report: DatasetReport | None
    problem: Problem | None
    waiting: str  # what is still to be filled in, as a sentence


@dataclass(frozen=True, slots=True)
class TrainPlan(Context):
    template: ClassVar[str] = "fragments/train_plan.html"

    plan: Plan | None
    problem: Problem | None
    base: str
    fetch: Fetch | None  # set while, or after, the base is fetched
    is_missing: bool  # the base is not on this machine yet


FormData = Annotated[TrainForm, Form()]


@router.get("")
def train(request: Request, source: Source = "sample", dataset: str = "") -> HTMLResponse:
    workspace = workspace_of(request)
    page = TrainPage(
        frame=frame_of(request),
        form=TrainForm(source=source, dataset=dataset),
        datasets=workspace.datasets.list(),
        bases=workspace.models.list(),
        settings=SETTINGS,
        profiles=[each for each in workspace.plans.profiles() if each.kind != "family"],
    )
    return render(page)


@router.post("/check")
def check(request: Request, form: FormData) -> HTMLResponse:
    if waiting := _waiting_for(form):
        return render(TrainCheck(report=None, problem=None, waiting=waiting))
    try:
        report = _report(workspace_of(request), form)
    except LuthierError as error:
        return render(TrainCheck(report=None, problem=error.problem, waiting=""))
    return render(TrainCheck(report=report, problem=None, waiting=""))


@router.post("/plan")
def plan(request: Request, form: FormData) -> HTMLResponse:
    workspace, fetches = workspace_of(request), fetches_of(request)
    if is_missing(workspace, form.base):
        return render(TrainPlan(plan=None, problem=None, base=form.base, fetch=fetches.get(form.base), is_missing=True))
    try:
        made = workspace.plans.make(recipe_of(form))
    except LuthierError as error:
        return render(TrainPlan(plan=None, problem=error.problem, base=form.base, fetch=None, is_missing=False))
    return render(TrainPlan(plan=made, problem=None, base=form.base, fetch=None, is_missing=False))


@router.post("/fetch")
def fetch(request: Request, form: FormData) -> HTMLResponse:
    """Begins to fetch the base; the part that this draws asks for the plan again until it is there."""
    fetches_of(request).begin(form.base)
    return plan(request, form)


@router.post("/fetch/cancel")
def cancel_fetch(request: Request, form: FormData) -> HTMLResponse:
    fetches_of(request).cancel(form.base)
    return plan(request, form)


@router.post("/start")
def start(request: Request, form: FormData) -> Response:
    run = workspace_of(request).runs.submit(recipe_of(form))
    return Response(status_code=204, headers={"HX-Redirect": f"/runs/{run.run_id}"})


def is_missing(workspace: Workspace, base: str) -> bool:
    """Whether using it would fetch it first. A folder is here or is a mistake; the plan will say which."""
    return not Path(base).expanduser().is_dir() and base not in {model.name for model in workspace.models.list()}


def _waiting_for(form: TrainForm) -> str:
    if form.source == "dataset" and not form.dataset:
        return "Choose a dataset, and what was found in it appears here."
    if form.source == "file" and not form.path.strip():
        return "Give a file, and what is found in it appears here."
    return ""


def _report(workspace: Workspace, form: TrainForm) -> DatasetReport:
    if form.source == "dataset":
        return workspace.datasets.get(form.dataset).report
    return workspace.datasets.check(data_of(form))
