"""Presets over HTTP: recipes kept under a name, searched, tagged, brought in with a look first, handed out, applied."""

from datetime import datetime
from typing import Annotated, Self

from fastapi import APIRouter, Query
from fastapi.responses import PlainTextResponse
from pydantic import BaseModel, Field, model_validator

from luthier.domain.drafts import Draft
from luthier.domain.presets import ExportFormat, Preset, PresetCheck
from luthier.domain.recipes import Recipe
from luthier.server.api.access import PROBLEMS, OpenWorkspace, Reference
from luthier.server.api.paging import Cursor, Limit, Page, page_of
from luthier.server.api.views import RunProblem

router = APIRouter(prefix="/recipes", tags=["recipes"], responses=PROBLEMS)

_Tags = Annotated[list[str], Field(max_length=50)]


class PresetView(BaseModel):
    name: str
    version: int
    versions: int = Field(description="how many there are; each stays as it is")
    tags: list[str]
    origin: str = Field(description="what this version was saved from, in words")
    saved_at: datetime
    recipe: Recipe | None = Field(description="null when its file was damaged")
    problem: RunProblem | None = Field(description="what is wrong with the file then")

    @classmethod
    def of(cls, preset: Preset) -> "PresetView":
        own = cls.model_fields.keys() - {"problem", "tags"}
        return cls(
            **{name: getattr(preset, name) for name in own},
            tags=list(preset.tags),
            problem=RunProblem.of(preset.problem) if preset.problem else None,
        )


class SavePreset(BaseModel):
    """Exactly one of `recipe`, `run` and `draft` says what is kept."""

    name: str = Field(min_length=1, max_length=60)
    recipe: Recipe | None = None
    run: str | None = Field(default=None, min_length=1, max_length=300)
    draft: str | None = Field(default=None, min_length=1, max_length=64)
    tags: _Tags | None = None

    @model_validator(mode="after")
    def _names_one_source(self) -> Self:
        if sum(each is not None for each in (self.recipe, self.run, self.draft)) != 1:
            raise ValueError("give exactly one of recipe, run and draft")
        return self


class RecipeFile(BaseModel):
    file: str = Field(default="recipe.yaml", min_length=1, max_length=200, description="its name; .json means JSON")
    text: str = Field(max_length=1_000_000)
    name: str = Field(default="", max_length=60, description="of the preset; default: the recipe's or the file's")
    tags: _Tags | None = None


class Tags(BaseModel):
    tags: _Tags


@router.get("")
def list_recipes(
    workspace: OpenWorkspace,
    text: Annotated[str, Query(max_length=200, description="looked for in names, tags and recipes")] = "",
    tag: Annotated[str, Query(max_length=40)] = "",
    limit: Limit = 50,
    cursor: Cursor = None,
) -> Page[PresetView]:
    """The newest version of each, by name."""
    shown = [PresetView.of(preset) for preset in workspace.presets.list(text, tag)]
    return page_of(shown, lambda preset: preset.name, cursor, limit)


@router.post("", status_code=201)
def save_recipe(workspace: OpenWorkspace, wanted: SavePreset) -> PresetView:
    """A new version, unless the newest one says the same."""
    if wanted.draft is not None:
        return PresetView.of(workspace.presets.save_draft(wanted.name, wanted.draft, wanted.tags))
    if wanted.run is not None:
        run = workspace.runs.get(wanted.run)
        kept = workspace.presets.save(wanted.name, run.recipe, origin=f"the run {run.name}", tags=wanted.tags)
        return PresetView.of(kept)
    assert wanted.recipe is not None
    return PresetView.of(workspace.presets.save(wanted.name, wanted.recipe, origin="the API", tags=wanted.tags))


@router.post("/check")
def check_recipe_file(workspace: OpenWorkspace, sent: RecipeFile) -> PresetCheck:
    """What a recipe file would become, or everything that is wrong with it, each with its line. Keeps nothing."""
    return workspace.presets.check(sent.file, sent.text, sent.name)


@router.post("/import", status_code=201)
def import_recipe(workspace: OpenWorkspace, sent: RecipeFile) -> PresetView:
    return PresetView.of(workspace.presets.bring_in(sent.file, sent.text, sent.name, sent.tags))


@router.get("/{reference}")
def get_recipe(workspace: OpenWorkspace, reference: Reference) -> PresetView:
    """By its name, or name@version."""
    return PresetView.of(workspace.presets.get(reference))


@router.get("/{reference}/versions")
def list_recipe_versions(workspace: OpenWorkspace, reference: Reference) -> list[PresetView]:
    return [PresetView.of(preset) for preset in workspace.presets.versions(reference)]


@router.get("/{reference}/export", response_class=PlainTextResponse)
def export_recipe(
    workspace: OpenWorkspace,
    reference: Reference,
    form: Annotated[ExportFormat, Query(alias="format")] = "yaml",
) -> PlainTextResponse:
    """The recipe file; importing it gives the same recipe again."""
    return PlainTextResponse(workspace.presets.export(reference, form))


@router.put("/{reference}/tags")
def tag_recipe(workspace: OpenWorkspace, reference: Reference, wanted: Tags) -> PresetView:
    """Instead of those it had."""
    return PresetView.of(workspace.presets.tag(reference, wanted.tags))


@router.delete("/{reference}")
def delete_recipe(workspace: OpenWorkspace, reference: Reference) -> PresetView:
    """With all its versions; answers with the newest as it was."""
    return PresetView.of(workspace.presets.delete(reference))


@router.post("/{reference}/apply", status_code=201)
def apply_recipe(workspace: OpenWorkspace, reference: Reference) -> Draft:
    """A draft with all that the preset says, to be changed and started under /drafts, or in the pages."""
    return workspace.presets.into_draft(reference)
