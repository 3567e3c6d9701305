"""Checks over HTTP in the background: of large files and far addresses, watched and called off."""

from fastapi import APIRouter
from pydantic import BaseModel, Field

from luthier.domain.background import WorkState
from luthier.domain.checks import SourceCheck
from luthier.domain.datasets import DatasetReport
from luthier.server.api.access import PROBLEMS, OpenWorkspace
from luthier.server.api.imports import ImportStep, NewSource
from luthier.server.api.views import RunProblem, shown_report

router = APIRouter(prefix="/checks", tags=["datasets"], responses=PROBLEMS)


class CheckView(BaseModel):
    check_id: str
    file: str
    state: WorkState
    step: ImportStep | None = Field(description="what it does now, and how far that is; null when it is not running")
    report: DatasetReport | None = Field(description="once it is done")
    problem: RunProblem | None

    @classmethod
    def of(cls, check: SourceCheck) -> "CheckView":
        return cls(
            check_id=check.check_id,
            file=check.file,
            state=check.state,
            step=ImportStep.of(check.progress) if check.progress else None,
            report=shown_report(check.report) if check.report else None,
            problem=RunProblem.of(check.problem) if check.problem else None,
        )


@router.post("", status_code=202)
def begin_check(workspace: OpenWorkspace, wanted: NewSource) -> CheckView:
    """Goes on in the background; ask for it until its state is neither `waiting` nor `running`. Kept for a day."""
    return CheckView.of(workspace.checks.begin(wanted.request(workspace)))


@router.get("/{check_id}")
def get_check(workspace: OpenWorkspace, check_id: str) -> CheckView:
    return CheckView.of(workspace.checks.get(check_id))


@router.post("/{check_id}/cancel")
def cancel_check(workspace: OpenWorkspace, check_id: str) -> CheckView:
    return CheckView.of(workspace.checks.cancel(check_id))
