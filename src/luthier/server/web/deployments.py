"""The page of deployments: what serves in each slot, what is on its way there, and rolling back."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, ClassVar

from fastapi import APIRouter, Form, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from luthier.domain.background import WorkState
from luthier.domain.deployments import Deployment
from luthier.domain.rollouts import Rollout
from luthier.domain.versions import Version
from luthier.server.web.context import Context
from luthier.server.web.frame import Frame, frame_of, workspace_of
from luthier.server.web.rendering import render

router = APIRouter(prefix="/deployments", include_in_schema=False)


@dataclass(frozen=True, slots=True)
class RolloutCard(Context):
    """Keeps itself up to date while the version is being tried."""

    template: ClassVar[str] = "fragments/rollout.html"

    rollout: Rollout
    asks: bool = True


@dataclass(frozen=True, slots=True)
class DeploymentsPage(Context):
    template: ClassVar[str] = "pages/deployments.html"

    frame: Frame
    deployments: Sequence[Deployment]
    versions: Sequence[Version]
    rollouts: Sequence[RolloutCard]


@router.get("")
def deployments(request: Request) -> HTMLResponse:
    workspace = workspace_of(request)
    page = DeploymentsPage(
        frame=frame_of(request),
        deployments=workspace.deployments.list(),
        versions=workspace.versions.list(),
        rollouts=[RolloutCard(each) for each in workspace.rollouts.open()],
    )
    return render(page)


@router.post("")
def deploy(request: Request, version: Annotated[str, Form()], slot: Annotated[str, Form()]) -> Response:
    workspace_of(request).rollouts.deploy(version, slot.strip())
    return _back()


@router.get("/rollouts/{rollout_id}")
def card(request: Request, rollout_id: str) -> Response:
    """Asked for again and again by the card itself; once the version serves, the page is another one."""
    rollout = workspace_of(request).rollouts.get(rollout_id)
    if rollout.state is WorkState.DONE:
        return Response(status_code=204, headers={"HX-Redirect": "/deployments"})
    return render(RolloutCard(rollout))


@router.post("/rollouts/{rollout_id}/cancel")
def cancel(request: Request, rollout_id: str) -> Response:
    workspace_of(request).rollouts.cancel(rollout_id)
    return _back()


@router.post("/rollouts/{rollout_id}/restart")
def restart(request: Request, rollout_id: str) -> Response:
    workspace_of(request).rollouts.begin_again(rollout_id)
    return _back()


@router.post("/rollouts/{rollout_id}/forget")
def forget(request: Request, rollout_id: str) -> Response:
    workspace_of(request).rollouts.forget(rollout_id)
    return _back()


@router.post("/{subject}/{trait}/rollback")
def roll_back(request: Request, subject: str, trait: str, to: Annotated[str, Form()]) -> Response:
    workspace_of(request).rollouts.roll_back(f"{subject}/{trait}", to)
    return _back()


@router.post("/{subject}/{trait}/remove")
def remove(request: Request, subject: str, trait: str) -> Response:
    workspace_of(request).deployments.remove(f"{subject}/{trait}")
    return _back()


def _back() -> Response:
    return RedirectResponse("/deployments", status_code=303)
