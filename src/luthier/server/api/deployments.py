"""Deployments over HTTP: what serves in which slot, let a version serve, roll back, end it."""

from fastapi import APIRouter
from pydantic import BaseModel, Field

from luthier.domain.deployments import Deployment, Turn
from luthier.server.api.access import PROBLEMS, OpenWorkspace
from luthier.server.api.paging import Cursor, Limit, Page, page_of
from luthier.server.api.rollouts import RolloutView

router = APIRouter(prefix="/deployments", tags=["deployments"], responses=PROBLEMS)


class Deploy(BaseModel):
    version: str = Field(min_length=1, max_length=300, description="name, name@number, or an id")


class RollBack(BaseModel):
    to: str | None = Field(default=None, max_length=300, description="of those that served there; the one before")


class DeploymentView(BaseModel):
    slot: str = Field(description="subject/trait: the name under which /v1 and chats know it")
    serving: Turn
    earlier: list[Turn] = Field(description="what can be rolled back to, the latest first")

    @classmethod
    def of(cls, deployment: Deployment) -> "DeploymentView":
        return cls(slot=deployment.slot, serving=deployment.serving, earlier=list(deployment.earlier))


@router.get("")
def list_deployments(workspace: OpenWorkspace, limit: Limit = 50, cursor: Cursor = None) -> Page[DeploymentView]:
    """By slot."""
    shown = [DeploymentView.of(each) for each in workspace.deployments.list()]
    return page_of(shown, lambda each: each.slot, cursor, limit)


@router.get("/{subject}/{trait}")
def get_deployment(workspace: OpenWorkspace, subject: str, trait: str) -> DeploymentView:
    return DeploymentView.of(workspace.deployments.get(f"{subject}/{trait}"))


@router.put("/{subject}/{trait}", status_code=202)
def deploy(workspace: OpenWorkspace, subject: str, trait: str, wanted: Deploy) -> RolloutView:
    """Tries it in the background; ask for the rollout until it is `done`. Until then, what serves there goes on."""
    return RolloutView.of(workspace.rollouts.deploy(wanted.version, f"{subject}/{trait}"))


@router.post("/{subject}/{trait}/rollback", status_code=202)
def roll_back(workspace: OpenWorkspace, subject: str, trait: str, wanted: RollBack) -> RolloutView:
    """To what served there before, which is tried in the background first."""
    return RolloutView.of(workspace.rollouts.roll_back(f"{subject}/{trait}", wanted.to))


@router.delete("/{subject}/{trait}")
def remove_deployment(workspace: OpenWorkspace, subject: str, trait: str) -> DeploymentView:
    """Nothing serves there any more; the versions stay."""
    return DeploymentView.of(workspace.deployments.remove(f"{subject}/{trait}"))
