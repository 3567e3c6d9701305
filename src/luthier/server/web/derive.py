"""The pages that make a dataset out of another one: a form for each way, and the work that it begins."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, ClassVar

from fastapi import APIRouter, Depends, Request
from fastapi.responses import HTMLResponse

from luthier.domain.datasets import Dataset
from luthier.domain.derivations import DerivationChoices, request_from
from luthier.domain.errors import LuthierError, Problem
from luthier.domain.quality import QualityReport, ReasonKind
from luthier.domain.requests import NoSuchAddress
from luthier.server.web.context import Context
from luthier.server.web.dataset_jobs import begun
from luthier.server.web.derive_form import DeriveForm, derive_form, parameters_of
from luthier.server.web.frame import Frame, frame_of, workspace_of
from luthier.server.web.rendering import render
from luthier.server.web.targets import TargetGroup, target_groups
from luthier.server.web.ways import WAYS, Way
from luthier.workspace import Workspace

router = APIRouter(prefix="/datasets/{reference}/derive", include_in_schema=False)

Form = Annotated[DeriveForm, Depends(derive_form)]

_DEFAULTS: dict[str, Mapping[str, tuple[str, ...]]] = {
    "split": {"side": ("held-out", ""), "share": ("10", ""), "near": ("0.8",), "seed": ("0",)},
    "dedupe": {"by": ("example",), "near": ("1",)},
    "balance": {"by": ("answer",), "to": ("smallest",), "seed": ("0",)},
    "augment": {"copies": ("1",), "seed": ("0",)},
    "paraphrase": {"copies": ("1",), "temperature": ("0.8",), "seed": ("0",)},
}
_PLACES = {"datasets.name_wrong": "name", "derivations.mix_too_large": "size"}  # the field that a problem is about


@dataclass(frozen=True, slots=True)
class WayForm(Context):
    template: ClassVar[str] = "fragments/derive_form.html"

    dataset: Dataset
    way: Way
    form: DeriveForm
    problem: Problem | None
    choices: DerivationChoices
    reasons: Sequence[ReasonKind]
    report: QualityReport | None  # None until the dataset is scored
    targets: Sequence[TargetGroup]


@dataclass(frozen=True, slots=True)
class DerivePage(Context):
    template: ClassVar[str] = "pages/dataset_derive.html"

    frame: Frame
    dataset: Dataset
    way: Way
    ways: Sequence[Way]
    filled: WayForm


@router.get("/{what}")
def derive_page(request: Request, reference: str, what: str, form: Form) -> HTMLResponse:
    """The address can fill the form in, so that a view leads to what can be done about it."""
    workspace = workspace_of(request)
    dataset, way = workspace.datasets.get(reference), _way(request, what)
    choices = workspace.derivations.choices()
    chosen = {"repair": {"fixes": tuple(name for name, safe in choices.repairs.items() if safe)}}
    chosen["redact"] = {"kinds": tuple(choices.private_kinds)}
    filled = form.filled(_DEFAULTS.get(what) or chosen.get(what, {}))
    page = DerivePage(
        frame=frame_of(request),
        dataset=dataset,
        way=way,
        ways=tuple(WAYS.values()),
        filled=_filled(workspace, dataset, way, filled, None),
    )
    return render(page)


@router.post("/{what}")
def derive(request: Request, reference: str, what: str, form: Form) -> HTMLResponse:
    """The work that was begun, or the form with what is wrong in it."""
    workspace = workspace_of(request)
    dataset, way = workspace.datasets.get(reference), _way(request, what)
    try:
        wanted = request_from(what, parameters_of(what, form))
        return begun(workspace.dataset_jobs.derive(dataset.label, wanted, name=form.name))
    except LuthierError as error:
        return render(_filled(workspace, dataset, way, form, placed(error.problem)))


def placed(problem: Problem) -> Problem:
    """With the field that it is about, where that is known."""
    place = str(problem.fields.get("place", _PLACES.get(problem.code, ""))).split(".")[0]
    return problem.model_copy(update={"fields": {**problem.fields, "place": place}})


def _filled(workspace: Workspace, dataset: Dataset, way: Way, form: DeriveForm, problem: Problem | None) -> WayForm:
    return WayForm(
        dataset=dataset,
        way=way,
        form=form,
        problem=problem,
        choices=workspace.derivations.choices(),
        reasons=workspace.quality.reasons(),
        report=workspace.quality.known(dataset.label),
        targets=target_groups(workspace, (form.one("model"),)),
    )


def _way(request: Request, what: str) -> Way:
    if what not in WAYS:
        raise NoSuchAddress(path=request.url.path)
    return WAYS[what]
