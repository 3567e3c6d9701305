"""Suites over HTTP: what can be asked, the check of one's own, and which of them may not get worse."""

from typing import Literal

from fastapi import APIRouter
from pydantic import BaseModel, Field

from luthier.domain.gates import Gate, GateVerdict
from luthier.domain.suites import ScorerName, Suite
from luthier.server.api.access import PROBLEMS, OpenWorkspace, Reference
from luthier.server.api.paging import Cursor, Limit, Page, page_of

router = APIRouter(tags=["suites"], responses=PROBLEMS)


class SuiteView(BaseModel):
    name: str
    about: str
    source: str
    licence: str
    origin: Literal["built-in", "workspace", "file", "dataset", "held-out", "harness"]
    cases: int
    scorers: list[ScorerName]
    categories: list[str]
    sha256: str

    @classmethod
    def of(cls, suite: Suite) -> "SuiteView":
        values = {name: getattr(suite, name) for name in cls.model_fields.keys() - {"cases"}}
        return cls(**values, cases=len(suite.cases))


class SuiteText(BaseModel):
    text: str = Field(min_length=1, max_length=8_000_000, description="YAML, JSON, or JSON lines")
    file_name: str = Field(default="suite.yaml", min_length=1, max_length=200, description="its ending says which")


class AllowedDrop(BaseModel):
    allowed_drop: float = Field(default=0.0, ge=0, le=1, description="how much of the mean score may be lost")


@router.get("/suites")
def list_suites(workspace: OpenWorkspace, limit: Limit = 50, cursor: Cursor = None) -> Page[SuiteView]:
    """Those that come with Luthier, then the workspace's own."""
    shown = [SuiteView.of(suite) for suite in workspace.suites.list()]
    return page_of(shown, lambda suite: suite.name, cursor, limit)


@router.post("/suites/check")
def check_suite(workspace: OpenWorkspace, written: SuiteText) -> SuiteView:
    """What is wrong is told with its line; nothing is kept."""
    return SuiteView.of(workspace.suites.parse(written.text, written.file_name))


@router.post("/suites", status_code=201)
def add_suite(workspace: OpenWorkspace, written: SuiteText) -> SuiteView:
    """Keeps it under its name."""
    return SuiteView.of(workspace.suites.add(written.text, written.file_name))


@router.get("/suites/{name}")
def get_suite(workspace: OpenWorkspace, name: Reference) -> Suite:
    """With its cases. Files of the server's machine cannot be read here."""
    return workspace.suites.named(name)


@router.delete("/suites/{name}")
def remove_suite(workspace: OpenWorkspace, name: Reference) -> SuiteView:
    """One of your own. Evaluations that were made of it stay."""
    return SuiteView.of(workspace.suites.remove(name))


@router.get("/gates")
def list_gates(workspace: OpenWorkspace) -> list[Gate]:
    return list(workspace.gates.list())


@router.put("/gates/{suite}")
def set_gate(workspace: OpenWorkspace, suite: Reference, allowed: AllowedDrop) -> Gate:
    """From now on no version is promoted that gets worse on this suite."""
    return workspace.gates.put(suite, allowed.allowed_drop)


@router.delete("/gates/{suite}", status_code=204)
def remove_gate(workspace: OpenWorkspace, suite: Reference) -> None:
    workspace.gates.remove(suite)


@router.get("/gates/verdicts/{version}")
def get_verdict(workspace: OpenWorkspace, version: Reference, champion: str | None = None) -> GateVerdict:
    """Whether the version may take the champion's place, by what was measured so far."""
    return workspace.gates.verdict(version, champion)
