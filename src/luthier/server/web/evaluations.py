"""The pages of evaluations: all of them with the form for a new one, one with its pictures, and the blind vote."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Any, ClassVar

from fastapi import APIRouter, Form, Request
from fastapi.responses import HTMLResponse, Response
from pydantic import BaseModel, Field, field_validator

from luthier.domain.background import WorkState
from luthier.domain.evaluations import BlindPair, BlindResult, CaseOutcome, Evaluation, Place
from luthier.domain.gates import Gate
from luthier.domain.suites import MOST_CASES, Suite
from luthier.server.web.context import Context
from luthier.server.web.frame import Frame, frame_of, workspace_of
from luthier.server.web.leading import htmx_to
from luthier.server.web.rendering import render
from luthier.server.web.targets import TargetGroup, target_groups

router = APIRouter(prefix="/evaluations", include_in_schema=False)


@dataclass(frozen=True, slots=True)
class EvaluationsPage(Context):
    template: ClassVar[str] = "pages/evaluations.html"

    frame: Frame
    evaluations: Sequence[Evaluation]
    suites: Sequence[Suite]
    gates: dict[str, Gate]
    datasets: Sequence[str]  # labels
    groups: Sequence[TargetGroup]
    target: str  # that is chosen in the form
    against: str


@dataclass(frozen=True, slots=True)
class EvaluationCard(Context):
    """How far it is while it is being made; it keeps itself up to date."""

    template: ClassVar[str] = "fragments/evaluation.html"

    evaluation: Evaluation


@dataclass(frozen=True, slots=True)
class EvaluationPage(Context):
    template: ClassVar[str] = "pages/evaluation.html"

    frame: Frame
    evaluation: Evaluation
    card: EvaluationCard
    outcomes: Sequence[CaseOutcome]  # where the two differ most first
    votes: BlindResult | None


@dataclass(frozen=True, slots=True)
class BlindVotePage(Context):
    template: ClassVar[str] = "pages/blind_vote.html"

    frame: Frame
    evaluation: Evaluation
    pair: BlindPair | None
    result: BlindResult


@dataclass(frozen=True, slots=True)
class SuitePage(Context):
    template: ClassVar[str] = "pages/suite.html"

    frame: Frame
    suite: Suite
    gate: Gate | None


class Asked(BaseModel):
    target: str
    suite: str
    against: str = ""
    task: str = ""  # of lm-evaluation-harness, in place of the suite
    judge: str = ""
    most_cases: Annotated[int, Field(ge=1, le=MOST_CASES)] | None = None

    @field_validator("most_cases", mode="before")
    @classmethod
    def _left_empty(cls, given: object) -> object:
        return None if given == "" else given

    def request(self) -> dict[str, Any]:
        return {"against": self.against or None, "judge": self.judge or None, "most_cases": self.most_cases}


class Voted(BaseModel):
    case_id: str
    better: Place


class GateWish(BaseModel):
    allowed_points: float = 0.0
    off: bool = False


@router.get("")
def evaluations(request: Request, target: str = "", against: str = "") -> HTMLResponse:
    workspace = workspace_of(request)
    page = EvaluationsPage(
        frame=frame_of(request),
        evaluations=workspace.evaluations.list(),
        suites=workspace.suites.list(),
        gates={gate.suite: gate for gate in workspace.gates.list()},
        datasets=[dataset.label for dataset in workspace.datasets.list()],
        groups=target_groups(workspace, [target, against]),
        target=target,
        against=against,
    )
    return render(page)


@router.post("")
def run(request: Request, asked: Annotated[Asked, Form()]) -> Response:
    suite = f"lm-eval:{asked.task.strip()}" if asked.task.strip() else asked.suite
    made = workspace_of(request).evaluations.run(asked.target, suite, **asked.request())
    return htmx_to(f"/evaluations/{made.evaluation_id}")


@router.get("/suites/{name}")
def suite(request: Request, name: str) -> HTMLResponse:
    workspace = workspace_of(request)
    found = workspace.suites.named(name)
    gate = next((gate for gate in workspace.gates.list() if gate.suite == found.name), None)
    return render(SuitePage(frame=frame_of(request), suite=found, gate=gate))


@router.post("/suites/{name}/gate")
def gate(request: Request, name: str, wish: Annotated[GateWish, Form()]) -> Response:
    gates = workspace_of(request).gates
    if wish.off:
        gates.remove(name)
    else:
        gates.put(name, min(100.0, max(0.0, wish.allowed_points)) / 100)
    return htmx_to(f"/evaluations/suites/{name}")


@router.get("/{evaluation_id}")
def evaluation_page(request: Request, evaluation_id: str) -> HTMLResponse:
    workspace = workspace_of(request)
    found = workspace.evaluations.get(evaluation_id)
    is_done = found.state is WorkState.DONE
    page = EvaluationPage(
        frame=frame_of(request),
        evaluation=found,
        card=EvaluationCard(found),
        outcomes=sorted(workspace.evaluations.outcomes(found.evaluation_id), key=_gap, reverse=True),
        votes=workspace.blind_votes.result(found.evaluation_id) if found.against and is_done else None,
    )
    return render(page)


@router.get("/{evaluation_id}/card")
def card(request: Request, evaluation_id: str) -> Response:
    """Asked for again and again by the card itself; once it has ended, the whole page has changed."""
    found = workspace_of(request).evaluations.get(evaluation_id)
    if not found.state.is_open:
        return Response(status_code=204, headers={"HX-Refresh": "true"})
    return render(EvaluationCard(found))


@router.get("/{evaluation_id}/vote")
def vote_page(request: Request, evaluation_id: str) -> HTMLResponse:
    workspace = workspace_of(request)
    page = BlindVotePage(
        frame=frame_of(request),
        evaluation=workspace.evaluations.get(evaluation_id),
        pair=workspace.blind_votes.next_pair(evaluation_id),
        result=workspace.blind_votes.result(evaluation_id),
    )
    return render(page)


@router.post("/{evaluation_id}/vote")
def vote(request: Request, evaluation_id: str, voted: Annotated[Voted, Form()]) -> Response:
    """Leads to the next two answers."""
    workspace_of(request).blind_votes.vote(evaluation_id, voted.case_id, voted.better)
    return htmx_to(f"/evaluations/{evaluation_id}/vote")


@router.post("/{evaluation_id}/cancel")
def cancel(request: Request, evaluation_id: str) -> Response:
    workspace_of(request).evaluations.cancel(evaluation_id)
    return Response(status_code=204, headers={"HX-Refresh": "true"})


@router.post("/{evaluation_id}/restart")
def restart(request: Request, evaluation_id: str) -> Response:
    workspace_of(request).evaluations.begin_again(evaluation_id)
    return Response(status_code=204, headers={"HX-Refresh": "true"})


@router.post("/{evaluation_id}/remove")
def remove(request: Request, evaluation_id: str) -> Response:
    workspace_of(request).evaluations.remove(evaluation_id)
    return htmx_to("/evaluations")


def _gap(outcome: CaseOutcome) -> float:
    return sum(abs(value - outcome.against_scores.get(name, value)) for name, value in outcome.scores.items())
