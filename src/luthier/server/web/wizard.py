"""The wizard: five steps at plain addresses over one draft; whatever is sent is kept before anything else is done."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, ClassVar

from fastapi import APIRouter, Request
from fastapi.responses import RedirectResponse, Response

from luthier.domain.adapters import ADAPTER_KINDS
from luthier.domain.datasets import Dataset, Sample
from luthier.domain.drafts import STEPS, Draft, Step
from luthier.domain.uploads import Upload
from luthier.server.web.context import Context
from luthier.server.web.facts import WizardGroup, wizard_groups
from luthier.server.web.frame import Frame, frame_of, workspace_of
from luthier.server.web.import_form import ImportForm
from luthier.server.web.imports import ImportProgress
from luthier.server.web.models import ModelPicker, picker_of
from luthier.server.web.rendering import render
from luthier.server.web.train import UseCases, address_of, use_cases_of
from luthier.server.web.wizard_data import (
    AskedData,
    DataFound,
    DataQuery,
    SentImport,
    data_label,
    found_in,
    progress_in,
)
from luthier.server.web.wizard_forms import Sent, Source, changes_of, sample_of, source_of
from luthier.server.web.wizard_plan import PlanCard, Why, plan_card, reasons_of
from luthier.server.web.wizard_preflight import PreflightPart, preflight_part
from luthier.server.web.wizard_sweep import SweepFold, TriedInQuery, sweep_fold
from luthier.services.models import STARTER
from luthier.workspace import Workspace

router = APIRouter(prefix="/train", include_in_schema=False)

_LABELS: dict[Step, str] = {
    "use-case": "Use case",
    "data": "Data",
    "model": "Model",
    "settings": "Settings",
    "review": "Review",
}


@dataclass(frozen=True, slots=True)
class Stop:
    """One step, as the way at the top shows it."""

    step: Step
    label: str
    answer: str  # what was chosen there, in short; empty where nothing was


@dataclass(frozen=True, slots=True)
class Wizard:
    """What every step's page shows beside its own part."""

    draft: Draft
    here: Step
    stops: Sequence[Stop]
    before: Step | None
    after: Step | None
    card: PlanCard | None  # None: the page asks for it once it stands


@dataclass(frozen=True, slots=True)
class UseCaseStep(Context):
    template: ClassVar[str] = "pages/train_use_case.html"

    frame: Frame
    wizard: Wizard
    use_cases: UseCases


@dataclass(frozen=True, slots=True)
class DataStep(Context):
    template: ClassVar[str] = "pages/train_data.html"

    frame: Frame
    wizard: Wizard
    source: Source
    sample: str
    samples: Sequence[Sample]
    datasets: Sequence[Dataset]
    found: DataFound
    upload: Upload | None  # sent by a browser without scripts
    job: ImportProgress | None


@dataclass(frozen=True, slots=True)
class ModelStep(Context):
    template: ClassVar[str] = "pages/train_model.html"

    frame: Frame
    wizard: Wizard
    base: str
    picker: ModelPicker


@dataclass(frozen=True, slots=True)
class SettingsStep(Context):
    template: ClassVar[str] = "pages/train_settings.html"

    frame: Frame
    wizard: Wizard
    groups: Sequence[WizardGroup]
    whys: Mapping[str, Why]


@dataclass(frozen=True, slots=True)
class ReviewStep(Context):
    template: ClassVar[str] = "pages/train_review.html"

    frame: Frame
    wizard: Wizard
    chosen: Sequence[tuple[str, Any]]  # label and value of every part that was not left to the planner
    sweep: SweepFold
    preflight: PreflightPart | None  # None: the page asks for it once it stands


@router.get("/{draft_id}/{step}")
def step_page(
    request: Request, draft_id: str, step: Step, tried: TriedInQuery, data: AskedData, plan: bool = False
) -> Response:
    workspace = workspace_of(request)
    draft = workspace.drafts.get(draft_id)
    if draft.run_id is not None:
        return RedirectResponse(address_of(draft), status_code=303)
    draft = workspace.drafts.change(draft_id, {}, step)
    wizard = _wizard(workspace, draft, step, plan)
    frame = frame_of(request)
    match step:
        case "use-case":
            return render(UseCaseStep(frame=frame, wizard=wizard, use_cases=use_cases_of(workspace, draft.values)))
        case "data":
            return render(_data_page(workspace, frame, wizard, data))
        case "model":
            picker = picker_of(request, f"/train/{draft_id}/model")
            return render(ModelStep(frame=frame, wizard=wizard, base=_base(draft), picker=picker))
        case "settings":
            whys = reasons_of(draft, wizard.card)
            return render(SettingsStep(frame=frame, wizard=wizard, groups=_groups(draft), whys=whys))
        case "review":
            sweep = sweep_fold(workspace, draft, tried)
            looked = preflight_part(workspace, draft) if plan else None
            return render(ReviewStep(frame=frame, wizard=wizard, chosen=_chosen(draft), sweep=sweep, preflight=looked))


@router.post("/{draft_id}/{step}")
def save_step(request: Request, draft_id: str, step: Step, sent: Sent) -> Response:
    """Keeps what was sent, then goes where the button said: another step, or the same one again."""
    workspace = workspace_of(request)
    changes = changes_of(step, sent)
    if unpinned := sent.get("unpin"):
        changes[unpinned] = None
    if preset := sent.get("preset"):
        draft = workspace.presets.into_draft(preset, workspace.drafts.get(draft_id))
    else:
        draft = workspace.drafts.change(draft_id, changes)
    target = sent.get("go", "")
    return RedirectResponse(f"/train/{draft.draft_id}/{target if target in STEPS else step}", status_code=303)


@router.post("/{draft_id}/{step}/live")
def live(request: Request, draft_id: str, step: Step, sent: Sent, form: SentImport) -> Response:
    """As `save_step`, while somebody types: answers with the plan, and with what else the change touches."""
    workspace = workspace_of(request)
    draft = workspace.drafts.change(draft_id, changes_of(step, sent))
    found = replace(found_in(workspace, draft, form), is_late=True) if step == "data" else None
    return render(plan_card(workspace, draft, shows_reasons=step == "settings", found=found))


@router.get("/{draft_id}/{step}/plan")
def plan_part(request: Request, draft_id: str, step: Step) -> Response:
    workspace = workspace_of(request)
    return render(plan_card(workspace, workspace.drafts.get(draft_id), shows_reasons=step == "settings"))


def _wizard(workspace: Workspace, draft: Draft, here: Step, with_plan: bool) -> Wizard:
    place = STEPS.index(here)
    return Wizard(
        draft=draft,
        here=here,
        stops=[Stop(step, _LABELS[step], _answer(workspace, draft, step)) for step in STEPS],
        before=STEPS[place - 1] if place else None,
        after=STEPS[place + 1] if place + 1 < len(STEPS) else None,
        card=plan_card(workspace, draft, waits=True) if with_plan else None,
    )


def _answer(workspace: Workspace, draft: Draft, step: Step) -> str:
    match step:
        case "use-case":
            return ", ".join(draft.values.get("profiles", ()))
        case "data":
            return data_label(workspace, draft.values)
        case "model":
            return _base(draft).rstrip("/").rpartition("/")[2]
        case "settings":
            pinned = len(_pins(draft))
            return f"{pinned} pinned" if pinned else ""
        case "review":
            return ""


def _base(draft: Draft) -> str:
    return str(draft.values.get("base", STARTER))


def _pins(draft: Draft) -> list[str]:
    return [
        name for group in wizard_groups() for name in (each.name for each in group.settings) if name in draft.values
    ]


def _chosen(draft: Draft) -> list[tuple[str, Any]]:
    labels = {each.name: each.label for group in wizard_groups() for each in group.settings}
    return [(labels[name], draft.values[name]) for name in _pins(draft)]


def _groups(draft: Draft) -> list[WizardGroup]:
    """Without settings that the chosen kind of adapter does not have, unless somebody gave them a value."""
    kind = ADAPTER_KINDS.get(str(draft.values.get("adapter.kind", "lora")))

    def is_shown(name: str) -> bool:
        group, _, field = name.partition(".")
        has_it = kind is not None and field in kind.model_fields
        return group != "adapter" or field == "kind" or name in draft.values or has_it

    return [
        group.model_copy(update={"settings": tuple(each for each in group.settings if is_shown(each.name))})
        for group in wizard_groups()
    ]


def _data_page(workspace: Workspace, frame: Frame, wizard: Wizard, asked: DataQuery) -> DataStep:
    datasets = workspace.datasets.list()
    values: dict[str, Any] = wizard.draft.values
    upload = workspace.uploads.get(asked.upload) if asked.upload else None
    return DataStep(
        frame=frame,
        wizard=wizard,
        source="file" if upload else source_of(values, bool(datasets)),
        sample=sample_of(values),
        samples=workspace.datasets.samples(),
        datasets=datasets,
        found=found_in(workspace, wizard.draft, ImportForm(upload=upload.upload_id) if upload else None),
        upload=upload,
        job=progress_in(workspace, wizard.draft, asked.job) if asked.job else None,
    )
