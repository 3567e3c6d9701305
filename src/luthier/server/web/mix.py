"""The page that mixes datasets: which ones, by which weights, and how many examples each gives."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, ClassVar

from fastapi import APIRouter, Depends, Request
from fastapi.responses import HTMLResponse

from luthier.domain.datasets import Dataset
from luthier.domain.derivations import DerivationNotUnderstood, Mix, request_from
from luthier.domain.errors import LuthierError, Problem
from luthier.server.web.context import Context
from luthier.server.web.dataset_jobs import begun
from luthier.server.web.derive import placed
from luthier.server.web.derive_form import DeriveForm, derive_form, parameters_of
from luthier.server.web.frame import Frame, frame_of, workspace_of
from luthier.server.web.rendering import render
from luthier.workspace import Workspace

router = APIRouter(prefix="/datasets/mix", include_in_schema=False)

Form = Annotated[DeriveForm, Depends(derive_form)]

_FEWEST = 2  # lines, each for a dataset


@dataclass(frozen=True, slots=True)
class MixLine:
    dataset: str  # label, or empty
    weight: str


@dataclass(frozen=True, slots=True)
class MixPreview(Context):
    template: ClassVar[str] = "fragments/mix_preview.html"

    gives: Sequence[tuple[str, int]]  # label, examples
    problem: Problem | None


@dataclass(frozen=True, slots=True)
class MixForm(Context):
    template: ClassVar[str] = "fragments/mix_form.html"

    form: DeriveForm
    lines: Sequence[MixLine]
    datasets: Sequence[Dataset]
    preview: MixPreview
    problem: Problem | None


@dataclass(frozen=True, slots=True)
class MixPage(Context):
    template: ClassVar[str] = "pages/dataset_mix.html"

    frame: Frame
    filled: MixForm


@router.get("")
def mix_page(request: Request, form: Form) -> HTMLResponse:
    """The address can name datasets; those without a weight get 1."""
    weights = [*form.all("weight"), *["1"] * len(form.all("dataset"))]
    form = form.with_field("weight", weights)
    return render(MixPage(frame=frame_of(request), filled=_filled(workspace_of(request), form)))


@router.post("/line")
def another_line(request: Request, form: Form) -> HTMLResponse:
    """The form with one more dataset to choose."""
    return render(_filled(workspace_of(request), form, lines=len(form.all("dataset")) + 1))


@router.post("/preview")
def preview(request: Request, form: Form) -> HTMLResponse:
    return render(_preview(workspace_of(request), form))


@router.post("")
def mix(request: Request, form: Form) -> HTMLResponse:
    """The work that was begun, or the form with what is wrong in it."""
    workspace = workspace_of(request)
    try:
        chosen = _chosen(form)
        return begun(workspace.dataset_jobs.derive(chosen, _request(form), name=form.name))
    except LuthierError as error:
        return render(_filled(workspace, form, problem=placed(error.problem)))


def _filled(workspace: Workspace, form: DeriveForm, problem: Problem | None = None, lines: int = _FEWEST) -> MixForm:
    named, weights = form.all("dataset"), form.all("weight")
    shown = max(lines, len(named), _FEWEST)
    names = [*named, *[""] * shown][:shown]
    return MixForm(
        form=form,
        lines=[MixLine(name, weight) for name, weight in zip(names, [*weights, *["1"] * shown], strict=False)],
        datasets=workspace.datasets.list(),
        preview=_preview(workspace, form),
        problem=problem,
    )


def _preview(workspace: Workspace, form: DeriveForm) -> MixPreview:
    chosen = _chosen(form)
    if len(chosen) < _FEWEST:
        return MixPreview(gives=(), problem=None)
    try:
        rows = workspace.derivations.rows_of_mix(chosen, _request(form))
    except LuthierError as error:
        return MixPreview(gives=(), problem=error.problem)
    return MixPreview(gives=tuple(zip(chosen, rows, strict=True)), problem=None)


def _chosen(form: DeriveForm) -> list[str]:
    return [label for label in form.all("dataset") if label]


def _request(form: DeriveForm) -> Mix:
    if len(_chosen(form)) < _FEWEST:
        fault = "Choose at least two datasets."
        raise DerivationNotUnderstood(what="mix", reason=fault.rstrip("."), place="weights", fault=fault)
    request = request_from("mix", parameters_of("mix", form))
    assert isinstance(request, Mix)
    return request
