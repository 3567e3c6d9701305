"""Rollouts over HTTP: how far the trial of a version is that is to serve, call it off, try it again."""

from datetime import datetime

from fastapi import APIRouter
from pydantic import BaseModel, Field

from luthier.domain.background import WorkState
from luthier.domain.rollouts import Rollout, RolloutRequest
from luthier.server.api.access import PROBLEMS, OpenWorkspace
from luthier.server.api.imports import ImportStep
from luthier.server.api.paging import Cursor, Limit, Page, page_of
from luthier.server.api.views import RunProblem

router = APIRouter(prefix="/rollouts", tags=["deployments"], responses=PROBLEMS)


class RolloutView(BaseModel):
    rollout_id: str
    request: RolloutRequest
    state: WorkState
    begun_at: datetime
    step: ImportStep | None = Field(description="what it does now, and how far that is; null when it is not running")
    problem: RunProblem | None

    @classmethod
    def of(cls, rollout: Rollout) -> "RolloutView":
        own = cls.model_fields.keys() - {"problem", "step"}
        return cls(
            **{name: getattr(rollout, name) for name in own},
            step=ImportStep.of(rollout.progress) if rollout.progress else None,
            problem=RunProblem.of(rollout.problem) if rollout.problem else None,
        )


@router.get("")
def list_rollouts(workspace: OpenWorkspace, limit: Limit = 50, cursor: Cursor = None) -> Page[RolloutView]:
    """Newest first; what has ended is listed for a day."""
    shown = [RolloutView.of(each) for each in workspace.rollouts.list()]
    return page_of(shown, lambda each: each.rollout_id, cursor, limit)


@router.get("/{rollout_id}")
def get_rollout(workspace: OpenWorkspace, rollout_id: str) -> RolloutView:
    return RolloutView.of(workspace.rollouts.get(rollout_id))


@router.post("/{rollout_id}/cancel")
def cancel_rollout(workspace: OpenWorkspace, rollout_id: str) -> RolloutView:
    """What serves goes on. One that is done stays done."""
    return RolloutView.of(workspace.rollouts.cancel(rollout_id))


@router.post("/{rollout_id}/restart")
def restart_rollout(workspace: OpenWorkspace, rollout_id: str) -> RolloutView:
    """From its beginning: for what failed, was called off, or lost its process."""
    return RolloutView.of(workspace.rollouts.begin_again(rollout_id))
