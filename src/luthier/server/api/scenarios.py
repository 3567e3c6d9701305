"""Scenarios over HTTP: check a text or a folder of this machine, keep a folder as a dataset, begin from a template."""

from typing import Annotated, Literal, Self

from fastapi import APIRouter, Path
from pydantic import BaseModel, Field, model_validator

from luthier.domain.scenarios import Pattern, ScenariosReport
from luthier.server.api.access import PROBLEMS, OpenWorkspace
from luthier.server.api.views import DatasetView

router = APIRouter(prefix="/scenarios", tags=["scenarios"], responses=PROBLEMS)

LARGEST_TEXT = 1_000_000  # characters
FilePath = Annotated[str, Field(min_length=1, max_length=4096)]


class ScenarioSource(BaseModel):
    """Either a text that is being written, or a file or folder of the machine that the server runs on."""

    text: str | None = Field(default=None, max_length=LARGEST_TEXT)
    path: FilePath | None = None

    @model_validator(mode="after")
    def _is_one_of_them(self) -> Self:
        if (self.text is None) == (self.path is None):
            raise ValueError("give either text or path")
        return self


class ScenarioConversion(BaseModel):
    path: FilePath
    name: str | None = Field(default=None, min_length=1, max_length=120)
    each: Literal["turn", "scenario"] = Field(default="turn", description="what is one example")
    as_text: bool = Field(default=False, description="write tool calls as text, not as tool messages")


class PatternText(BaseModel):
    name: str
    text: str


@router.post("/check")
def check_scenarios(workspace: OpenWorkspace, source: ScenarioSource) -> ScenariosReport:
    """Every finding with file, line and character. Nothing is kept."""
    if source.text is not None:
        return workspace.scenarios.check_text(source.text)
    assert source.path is not None
    return workspace.scenarios.check(source.path)


@router.post("/convert", status_code=201)
def convert_scenarios(workspace: OpenWorkspace, conversion: ScenarioConversion) -> DatasetView:
    """Keeps the training examples as a dataset; scenarios with errors are refused."""
    dataset = workspace.scenarios.keep(
        conversion.path, name=conversion.name, each=conversion.each, as_tools=not conversion.as_text
    )
    return DatasetView.of(dataset)


@router.get("/templates")
def list_scenario_templates(workspace: OpenWorkspace) -> list[Pattern]:
    """Templates first, then finished examples."""
    return workspace.scenarios.patterns()


@router.get("/templates/{name:path}")
def get_scenario_template(
    workspace: OpenWorkspace, name: Annotated[str, Path(max_length=300, description="`combat`, or an example's name")]
) -> PatternText:
    return PatternText(name=name, text=workspace.scenarios.pattern_text(name))
