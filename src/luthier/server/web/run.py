"""The page of one run, and what a person can tell it to do."""

from dataclasses import dataclass
from typing import ClassVar, Literal

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, Response
from starlette.exceptions import HTTPException

from luthier.domain.health import RemedyName
from luthier.domain.logs import LogLevel
from luthier.domain.plans import Decision, Plan
from luthier.domain.runs import Run
from luthier.server.web import run_parts
from luthier.server.web.context import Context
from luthier.server.web.curves import loss_of
from luthier.server.web.frame import Frame, frame_of, workspace_of
from luthier.server.web.rendering import render

router = APIRouter(prefix="/runs", include_in_schema=False)

_HEADLINE_DECISIONS = ("epochs", "learning_rate", "batch_size", "max_length", "adapter.rank", "precision")


@dataclass(frozen=True, slots=True)
class RunPage(Context):
    template: ClassVar[str] = "pages/run.html"

    frame: Frame
    run: Run
    seen: int  # number of the last event that this page already shows
    curve: str
    decisions: tuple[Decision, ...]
    more_decisions: tuple[Decision, ...]
    header: run_parts.RunHeader
    alerts: run_parts.RunAlerts
    proof: run_parts.RunProof
    truth: run_parts.RunTruth
    checkpoints: run_parts.RunCheckpoints
    answers: run_parts.RunAnswers
    preflight: run_parts.RunPreflight
    log: run_parts.RunLog


@router.get("/{reference}")
def run(request: Request, reference: str) -> HTMLResponse:
    workspace = workspace_of(request)
    seen = workspace.runs.latest_seq()
    run = workspace.runs.get(reference)
    page = RunPage(
        frame=frame_of(request),
        run=run,
        seen=seen,
        curve=loss_of(workspace, run),
        decisions=_decisions(run.plan, headline=True),
        more_decisions=_decisions(run.plan, headline=False),
        header=run_parts.header(workspace, run),
        alerts=run_parts.alerts(workspace, run),
        proof=run_parts.proof(workspace, run),
        truth=run_parts.truth(workspace, run),
        checkpoints=run_parts.checkpoints(workspace, run),
        answers=run_parts.answers(workspace, run),
        preflight=run_parts.preflight(workspace, run),
        log=run_parts.log(workspace, run),
    )
    return render(page)


@router.get("/{reference}/parts/{part}")
def part(request: Request, reference: str, part: str) -> HTMLResponse:
    if part not in run_parts.PARTS:
        raise HTTPException(404)
    workspace = workspace_of(request)
    return render(run_parts.PARTS[part](workspace, workspace.runs.get(reference)))


@router.get("/{reference}/log")
def log(request: Request, reference: str, level: LogLevel = "info") -> HTMLResponse:
    workspace = workspace_of(request)
    return render(run_parts.log(workspace, workspace.runs.get(reference), level))


@router.post("/{reference}/remedies/{remedy}")
def remedy(request: Request, reference: str, remedy: RemedyName) -> HTMLResponse:
    workspace = workspace_of(request)
    return render(run_parts.header(workspace, workspace.runs.remedy(reference, remedy)))


@router.post("/{reference}/clone")
def clone(request: Request, reference: str) -> Response:
    """Leads to the new run."""
    cloned = workspace_of(request).runs.clone(reference)
    return Response(headers={"hx-redirect": f"/runs/{cloned.run_id}"})


@router.post("/{reference}/{move}")
def move(request: Request, reference: str, move: Literal["pause", "resume", "stop", "retry", "cancel"]) -> HTMLResponse:
    workspace = workspace_of(request)
    acts = {
        "pause": workspace.runs.pause,
        "resume": workspace.runs.resume,
        "stop": workspace.runs.stop,
        "retry": workspace.runs.retry,
        "cancel": workspace.runs.cancel,
    }
    return render(run_parts.header(workspace, acts[move](reference)))


def _decisions(plan: Plan, *, headline: bool) -> tuple[Decision, ...]:
    return tuple(item for item in plan.decisions if (item.name in _HEADLINE_DECISIONS) == headline)
