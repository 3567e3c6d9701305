"""Evaluations over HTTP: ask a suite of one model or two, see what came of it, vote blindly; the quality of runs."""

from datetime import datetime

from fastapi import APIRouter
from fastapi.responses import FileResponse
from pydantic import BaseModel, Field

from luthier.domain.background import WorkState
from luthier.domain.evaluations import (
    BlindPair,
    BlindResult,
    CaseOutcome,
    Evaluation,
    EvaluationRequest,
    Figure,
    Place,
)
from luthier.domain.jobs import Progress
from luthier.domain.quality_reports import QualityReport
from luthier.domain.suites import MOST_CASES, ScorerName
from luthier.server.api.access import PROBLEMS, OpenWorkspace, Reference
from luthier.server.api.paging import Cursor, Limit, Page, page_of
from luthier.server.api.views import RunProblem

router = APIRouter(prefix="/evaluations", tags=["evaluations"], responses=PROBLEMS)


class RunEvaluation(BaseModel):
    target: str = Field(min_length=1, max_length=300, description="a version, a run, or a base model")
    suite: str | None = Field(
        default=None,
        min_length=1,
        max_length=300,
        description="a name, dataset:NAME, lm-eval:TASK, or held-out (the default)",
    )
    against: str | None = Field(default=None, min_length=1, max_length=300, description="another one, to compare with")
    most_cases: int | None = Field(default=None, ge=1, le=MOST_CASES)
    scorers: tuple[ScorerName, ...] = Field(default=(), max_length=10, description="in place of the suite's own")
    judge: str | None = Field(default=None, min_length=1, max_length=300, description="the model that judges")


class CastVote(BaseModel):
    case_id: str = Field(min_length=1, max_length=100)
    better: Place


class EvaluationView(BaseModel):
    evaluation_id: str
    request: EvaluationRequest
    target: str
    against: str | None
    target_version: str | None
    against_version: str | None
    suite: str
    suite_sha256: str
    state: WorkState
    begun_at: datetime
    progress: Progress | None = Field(description="while it is running")
    problem: RunProblem | None
    cases: int
    figures: list[Figure] = Field(
        description="the one over everything first; `better` only when a paired test allows it"
    )
    categories: list[Figure]
    seconds: float

    @classmethod
    def of(cls, evaluation: Evaluation) -> "EvaluationView":
        values = {name: getattr(evaluation, name) for name in cls.model_fields.keys() - {"problem"}}
        return cls(**values, problem=RunProblem.of(evaluation.problem) if evaluation.problem else None)


class Votes(BaseModel):
    result: BlindResult
    next: BlindPair | None = Field(description="two answers that nobody has voted on; null when there are none left")


@router.post("", status_code=202)
def run_evaluation(workspace: OpenWorkspace, wanted: RunEvaluation) -> EvaluationView:
    """Begins it in the background."""
    request = wanted.model_dump(exclude={"target", "suite"})
    return EvaluationView.of(workspace.evaluations.run(wanted.target, wanted.suite, **request))


@router.get("")
def list_evaluations(
    workspace: OpenWorkspace,
    version: str | None = None,
    suite: str | None = None,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> Page[EvaluationView]:
    """What is being made first, then the newest; what was not made is listed for a day."""
    version_id = workspace.versions.get(version).version_id if version else None
    shown = [EvaluationView.of(each) for each in workspace.evaluations.list(suite, version_id)]
    return page_of(shown, lambda each: each.evaluation_id, cursor, limit)


@router.get("/quality/{reference}")
def get_quality_report(workspace: OpenWorkspace, reference: Reference) -> QualityReport:
    """Of a run that completed, or of the version that it became: made by itself."""
    return workspace.quality_reports.of(reference)


@router.get("/quality/{reference}/page", response_class=FileResponse)
def get_quality_page(workspace: OpenWorkspace, reference: Reference) -> FileResponse:
    """The same as one HTML file that stands alone."""
    name = workspace.quality_reports.of(reference).run
    return FileResponse(workspace.quality_reports.file(reference), filename=f"quality-{name}.html")


@router.get("/{evaluation_id}")
def get_evaluation_run(workspace: OpenWorkspace, evaluation_id: str) -> EvaluationView:
    return EvaluationView.of(workspace.evaluations.get(evaluation_id))


@router.get("/{evaluation_id}/cases")
def list_cases(
    workspace: OpenWorkspace, evaluation_id: str, limit: Limit = 50, cursor: Cursor = None
) -> Page[CaseOutcome]:
    """What was said and scored, case by case; none before it is done."""
    outcomes = workspace.evaluations.outcomes(evaluation_id)
    return page_of(outcomes, lambda each: each.case_id, cursor, limit)


@router.get("/{evaluation_id}/votes")
def get_votes(workspace: OpenWorkspace, evaluation_id: str) -> Votes:
    """What people preferred so far, and the next two answers, in an order that tells nothing."""
    votes = workspace.blind_votes
    return Votes(result=votes.result(evaluation_id), next=votes.next_pair(evaluation_id))


@router.post("/{evaluation_id}/votes")
def cast_vote(workspace: OpenWorkspace, evaluation_id: str, vote: CastVote) -> Votes:
    """Takes the place of an earlier vote on the case."""
    workspace.blind_votes.vote(evaluation_id, vote.case_id, vote.better)
    return get_votes(workspace, evaluation_id)


@router.post("/{evaluation_id}/cancel")
def cancel_evaluation(workspace: OpenWorkspace, evaluation_id: str) -> EvaluationView:
    """Its answers are forgotten. What is done stays."""
    return EvaluationView.of(workspace.evaluations.cancel(evaluation_id))


@router.post("/{evaluation_id}/restart")
def restart_evaluation(workspace: OpenWorkspace, evaluation_id: str) -> EvaluationView:
    """Goes on where its process ended or it failed; what was cancelled begins anew."""
    return EvaluationView.of(workspace.evaluations.begin_again(evaluation_id))


@router.delete("/{evaluation_id}")
def remove_evaluation(workspace: OpenWorkspace, evaluation_id: str) -> EvaluationView:
    """With its answers and votes."""
    return EvaluationView.of(workspace.evaluations.remove(evaluation_id))
