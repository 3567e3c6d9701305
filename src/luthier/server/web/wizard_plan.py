"""The plan beside every step: what the draft would take here, kept up to date; its alternatives and start."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import ClassVar, Literal

from fastapi import APIRouter, Request
from fastapi.responses import RedirectResponse, Response

from luthier.domain.counting import Counting
from luthier.domain.drafts import Draft
from luthier.domain.errors import LuthierError, Problem
from luthier.domain.findings import Finding
from luthier.domain.models import BaseModelNotFound, ModelUnreachable
from luthier.domain.plans import Decision, Plan
from luthier.server.web.context import Context
from luthier.server.web.facts import WizardSetting, wizard_groups
from luthier.server.web.frame import workspace_of
from luthier.server.web.leading import lead_to, part_or_page
from luthier.server.web.wizard_data import DataFound
from luthier.server.web.wizard_forms import Sent, changes_of
from luthier.services.models import STARTER
from luthier.services.recipes import parse_pin
from luthier.workspace import Workspace

router = APIRouter(prefix="/train", include_in_schema=False)

AlternativeName = Literal["faster", "cheaper", "better"]


@dataclass(frozen=True, slots=True)
class Why:
    """What stands below a setting: the value that counts and why, or what is wrong with the one that was typed."""

    slug: str
    name: str
    is_pinned: bool
    decision: Decision | None
    wrong: str
    doubts: Sequence[Finding]


@dataclass(frozen=True, slots=True)
class PlanCard(Context):
    template: ClassVar[str] = "fragments/wizard_plan.html"

    draft: Draft
    base: str
    plan: Plan | None
    counting: Counting | None  # of the examples, which the plan waits for
    problem: Problem | None
    is_missing: bool  # the base is not on this machine yet
    whys: Sequence[Why]  # of the settings, when their page shows this
    found: DataFound | None  # of the data, when their page shows this
    title: str = "Plan"
    own_id: str = "plan-card"  # on a page that shows one
    asks: bool = True  # whether it keeps itself up to date


@router.post("/{draft_id}/alternatives/{name}")
def apply_alternative(request: Request, draft_id: str, name: AlternativeName) -> Response:
    """Pins what the alternative changes."""
    workspace = workspace_of(request)
    draft = workspace.drafts.get(draft_id)
    plan = workspace.live_plans.wait(workspace.drafts.recipe(draft))
    chosen = [other for other in plan.alternatives if other.name == name]
    pins = dict(parse_pin(option) for other in chosen for option in other.options if option != "--set")
    draft = workspace.drafts.change(draft_id, pins)
    return RedirectResponse(f"/train/{draft_id}/{draft.step}", status_code=303)


@router.post("/{draft_id}/plan/cancel")
def cancel(request: Request, draft_id: str) -> Response:
    """Ends the counting that the plan waits for."""
    workspace = workspace_of(request)
    draft = workspace.drafts.get(draft_id)
    workspace.live_plans.cancel(draft_id, workspace.drafts.recipe(draft))
    return _as_it_is(request, workspace, draft)


@router.post("/{draft_id}/plan/again")
def again(request: Request, draft_id: str) -> Response:
    """Counts anew, when that failed or was called off."""
    workspace = workspace_of(request)
    draft = workspace.drafts.get(draft_id)
    workspace.live_plans.again(draft_id, workspace.drafts.recipe(draft))
    return _as_it_is(request, workspace, draft)


@router.post("/{draft_id}/start")
def start(request: Request, draft_id: str, sent: Sent) -> Response:
    drafts = workspace_of(request).drafts
    drafts.change(draft_id, changes_of("review", sent))
    return lead_to(request, f"/runs/{drafts.start(draft_id).run_id}")


def plan_card(
    workspace: Workspace,
    draft: Draft,
    *,
    shows_reasons: bool = False,
    found: DataFound | None = None,
    waits: bool = False,
) -> PlanCard:
    """Never fails for what the draft lacks or has wrong: that is said on the card. With `waits`, for who cannot ask
    again by itself, it stays until the examples are counted.
    """
    base = str(draft.values.get("base", STARTER))
    plan, counting, problem, is_missing = None, None, None, False
    try:
        recipe = workspace.drafts.recipe(draft)
        is_missing = not workspace.models.is_here(base)
        if waits and not is_missing:
            workspace.live_plans.wait(recipe)
        if not is_missing or workspace.models.has_outline(base):  # others are brought here when somebody asks for it
            live = workspace.live_plans.of(draft.draft_id, recipe)
            plan, counting = live.plan, live.counting
    except (BaseModelNotFound, ModelUnreachable) as error:
        problem = None if is_missing else error.problem  # the card says what is missing, and how to get it
    except LuthierError as error:
        problem = error.problem
    card = PlanCard(
        draft=draft,
        base=base,
        plan=plan,
        counting=counting if plan is None else None,
        problem=problem or (counting.problem if counting else None),
        is_missing=is_missing,
        whys=(),
        found=found,
    )
    return replace(card, whys=tuple(reasons_of(draft, card).values())) if shows_reasons else card


def _as_it_is(request: Request, workspace: Workspace, draft: Draft) -> Response:
    card = plan_card(workspace, draft, shows_reasons=draft.step == "settings")
    return part_or_page(request, card, f"/train/{draft.draft_id}/{draft.step}?plan=true")


def reasons_of(draft: Draft, card: PlanCard | None) -> Mapping[str, Why]:
    """By the name of the setting; without a plan, only what was pinned and what is wrong."""
    settings = [each for group in wizard_groups() for each in group.settings]
    return {each.name: _why(each, draft, card) for each in settings}


def _why(setting: WizardSetting, draft: Draft, card: PlanCard | None) -> Why:
    plan = card.plan if card else None
    problem = card.problem if card else None
    where = str(problem.fields.get("where", "")).removeprefix("--set ") if problem else ""
    return Why(
        slug=setting.slug,
        name=setting.name,
        is_pinned=setting.name in draft.values,
        decision=next((each for each in plan.decisions if each.name == setting.decision), None) if plan else None,
        wrong=str(problem.fields.get("reason", "")) if problem and where == setting.name else "",
        doubts=[finding for finding in plan.warnings if finding.setting == setting.name] if plan else (),
    )
