"""Drafts over HTTP: put a run together bit by bit, see what it would take, start it."""

from typing import Annotated, Any

from fastapi import APIRouter
from pydantic import BaseModel, Field

from luthier.domain.drafts import Draft
from luthier.domain.plans import Plan
from luthier.server.api.access import PROBLEMS, OpenWorkspace, Reference
from luthier.server.api.paging import Cursor, Limit, Page, page_of
from luthier.server.api.views import RunView

router = APIRouter(prefix="/drafts", tags=["drafts"], responses=PROBLEMS)

_Values = Annotated[
    dict[str, Any], Field(description="parts of a recipe by dotted name, e.g. settings.epochs; null takes one out")
]


class DraftValues(BaseModel):
    values: _Values = {}


@router.get("")
def list_drafts(workspace: OpenWorkspace, limit: Limit = 50, cursor: Cursor = None) -> Page[Draft]:
    """Those that were not started, the last changed first."""
    return page_of(workspace.drafts.list(), lambda draft: draft.draft_id, cursor, limit)


@router.post("", status_code=201)
def begin_draft(workspace: OpenWorkspace, wanted: DraftValues) -> Draft:
    return workspace.drafts.begin(wanted.values)


@router.get("/{reference}")
def get_draft(workspace: OpenWorkspace, reference: Reference) -> Draft:
    return workspace.drafts.get(reference)


@router.put("/{reference}")
def change_draft(workspace: OpenWorkspace, reference: Reference, wanted: DraftValues) -> Draft:
    """Values that are not named stay; wrong ones are kept as they are, and refused when it is planned or started."""
    return workspace.drafts.change(reference, wanted.values)


@router.get("/{reference}/plan")
def plan_draft(workspace: OpenWorkspace, reference: Reference) -> Plan:
    return workspace.live_plans.wait(workspace.drafts.recipe(workspace.drafts.get(reference)))


@router.post("/{reference}/start", status_code=201)
def start_draft(workspace: OpenWorkspace, reference: Reference) -> RunView:
    """A draft that was started already answers with its run."""
    run = workspace.drafts.start(reference)
    return RunView.of(run, workspace.queue.place_of(run.run_id))


@router.delete("/{reference}", status_code=204)
def delete_draft(workspace: OpenWorkspace, reference: Reference) -> None:
    workspace.drafts.delete(reference)
