"""Scenarios over HTTP: check, index, lay out, vary and keep those of this machine; begin and save those of its own."""

from pathlib import Path as File
from typing import Annotated, Literal, Self

from fastapi import APIRouter, Path, Query
from pydantic import BaseModel, Field, model_validator
from pydantic.json_schema import SkipJsonSchema

from luthier.domain.scenario_views import ScenarioText, VariedText
from luthier.domain.scenarios import (
    FormattedFile,
    Pattern,
    ScenarioEntry,
    ScenarioNotOwn,
    ScenarioOptions,
    ScenariosReport,
)
from luthier.server.api.access import PROBLEMS, OpenWorkspace
from luthier.server.api.paging import Cursor, Limit, Page, page_of
from luthier.server.api.views import DatasetView

router = APIRouter(prefix="/scenarios", tags=["scenarios"], responses=PROBLEMS)

LARGEST_TEXT = 1_000_000  # characters
MOST_FILES = 20_000
MOST_AT_ONCE = 50  # variations that one answer holds
FilePath = Annotated[str, Field(min_length=1, max_length=4096)]
Only = Annotated[str | SkipJsonSchema[None], Query(max_length=120)]
Name = Annotated[str, Field(min_length=1, max_length=300, description="of a file among the workspace's own scenarios")]


class ScenarioSource(BaseModel):
    """Either a text that is being written, or a file or folder of the machine that the server runs on."""

    text: str | None = Field(default=None, max_length=LARGEST_TEXT)
    path: FilePath | None = None

    @model_validator(mode="after")
    def _is_one_of_them(self) -> Self:
        if (self.text is None) == (self.path is None):
            raise ValueError("give either text or path")
        return self


class ScenarioFormat(ScenarioSource):
    write: bool = Field(default=False, description="change the files; only those of the workspace's own")


class ScenarioVariation(BaseModel):
    path: FilePath
    count: int = Field(default=3, ge=1, le=MOST_AT_ONCE, description="how many in all, the same of each category")
    seed: int = Field(default=0, ge=0, le=2**31, description="the same seed gives the same texts")


class ScenarioConversion(BaseModel):
    path: FilePath
    name: str | None = Field(default=None, min_length=1, max_length=120)
    each: Literal["turn", "scenario"] = Field(default="turn", description="what is one example")
    as_text: bool = Field(default=False, description="write tool calls as text, not as tool messages")


class NewScenario(BaseModel):
    template: str = Field(min_length=1, max_length=300, description="a category, or the name of an example")
    name: Name
    title: str | None = Field(default=None, min_length=1, max_length=300)


class SavedScenario(BaseModel):
    name: Name
    text: str = Field(max_length=LARGEST_TEXT)
    replaces: str | None = Field(default=None, max_length=64, description="sha256 of the file that it is to replace")


class RenamedScenario(BaseModel):
    name: Name
    new_name: Name


class NamedScenario(BaseModel):
    name: Name


class PatternText(BaseModel):
    name: str
    text: str


class FormattedText(BaseModel):
    files: list[FormattedFile] = Field(description="which files change, or would")
    text: str | None = Field(description="the text in the usual layout, when a text was sent")


@router.get("")
def list_scenarios(
    workspace: OpenWorkspace,
    path: Annotated[str, Query(max_length=4096, description="empty: the workspace's own scenarios")] = "",
    category: Only = None,
    tag: Only = None,
    findings: Annotated[bool, Query(description="only those with errors or warnings")] = False,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> Page[ScenarioEntry]:
    """What is in a folder, also of files with errors."""
    if not path and workspace.own_scenarios.is_empty:
        return Page(items=[], next=None)
    report = workspace.scenarios.check(path or str(workspace.own_scenarios.folder), most=MOST_FILES)
    entries = report.only(category=category, tag=tag, with_findings=findings)
    return page_of(entries, lambda entry: entry.file, cursor, limit)


@router.post("", status_code=201)
def save_scenario(workspace: OpenWorkspace, scenario: SavedScenario) -> ScenarioText:
    """Among the workspace's own; a file that is there is replaced only by who knows what it holds."""
    return workspace.own_scenarios.save(scenario.name, scenario.text, replaces=scenario.replaces)


@router.post("/new", status_code=201)
def new_scenario(workspace: OpenWorkspace, wanted: NewScenario) -> ScenarioText:
    """Begins a scenario from a template, among the workspace's own."""
    text = workspace.scenarios.begun(wanted.template, title=wanted.title)
    return workspace.own_scenarios.save(wanted.name, text)


@router.post("/rename")
def rename_scenario(workspace: OpenWorkspace, wanted: RenamedScenario) -> ScenarioText:
    """One of the workspace's own; a file that is there is left alone."""
    return workspace.own_scenarios.rename(wanted.name, wanted.new_name)


@router.get("/removed")
def removed_scenarios(workspace: OpenWorkspace) -> list[str]:
    """The names by which they can be put back."""
    return workspace.removed_scenarios.names()


@router.post("/remove")
def remove_scenario(workspace: OpenWorkspace, wanted: NamedScenario) -> NamedScenario:
    """Sets one of the workspace's own aside; the answer is the name by which it can be put back."""
    return NamedScenario(name=workspace.removed_scenarios.remove(wanted.name))


@router.post("/put-back")
def put_back_scenario(workspace: OpenWorkspace, wanted: NamedScenario) -> ScenarioText:
    """Under another name when a new one has taken its own."""
    return workspace.removed_scenarios.put_back(wanted.name)


@router.post("/check")
def check_scenarios(workspace: OpenWorkspace, source: ScenarioSource) -> ScenariosReport:
    """Every finding with file, line and character. Nothing is kept."""
    if source.text is not None:
        return workspace.scenarios.check_text(source.text)
    assert source.path is not None
    return workspace.scenarios.check(source.path, most=MOST_FILES)


@router.post("/format")
def format_scenarios(workspace: OpenWorkspace, source: ScenarioFormat) -> FormattedText:
    """Lays scenarios out in one way. What they say stays the same."""
    if source.text is not None:
        text = workspace.scenarios.view(source.text).laid_out
        return FormattedText(files=[FormattedFile(file="scenario.md", changed=text != source.text)], text=text)
    assert source.path is not None
    if source.write and not workspace.own_scenarios.holds(File(source.path).expanduser()):
        raise ScenarioNotOwn(path=source.path)
    return FormattedText(files=workspace.scenarios.format(source.path, write=source.write), text=None)


@router.post("/vary")
def vary_scenarios(workspace: OpenWorkspace, wanted: ScenarioVariation) -> list[VariedText]:
    """Some variations to look at; nothing is kept. `POST /imports` with `scenarios` makes a dataset of many."""
    return workspace.scenarios.variants(wanted.path, count=wanted.count, seed=wanted.seed)


@router.post("/convert", status_code=201)
def convert_scenarios(workspace: OpenWorkspace, conversion: ScenarioConversion) -> DatasetView:
    """Keeps the training examples as a dataset; scenarios with errors are refused."""
    options = ScenarioOptions(each=conversion.each, as_tools=not conversion.as_text)
    return DatasetView.of(workspace.scenarios.keep(conversion.path, name=conversion.name, options=options))


@router.get("/templates")
def list_scenario_templates(workspace: OpenWorkspace) -> list[Pattern]:
    """Templates first, then finished examples."""
    return workspace.scenarios.patterns()


@router.get("/templates/{name:path}")
def get_scenario_template(
    workspace: OpenWorkspace, name: Annotated[str, Path(max_length=300, description="`combat`, or an example's name")]
) -> PatternText:
    return PatternText(name=name, text=workspace.scenarios.pattern_text(name))
