"""Presets: find, look at, bring in with a preview, hand out, tag, delete, and begin a run with one."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar, Literal

from fastapi import APIRouter, Request, UploadFile
from fastapi.responses import PlainTextResponse, RedirectResponse, Response

from luthier.domain.presets import ExportFormat, Preset, PresetCheck
from luthier.domain.runs import Run
from luthier.server.web.context import Context
from luthier.server.web.frame import Frame, frame_of, workspace_of
from luthier.server.web.rendering import render
from luthier.server.web.wizard_forms import Sent

router = APIRouter(prefix="/presets", include_in_schema=False)

_RUNS = 20  # the newest, to choose from
_MOST_BYTES = 1_000_000  # a recipe is a page of text


@dataclass(frozen=True, slots=True)
class PresetsPage(Context):
    template: ClassVar[str] = "pages/presets.html"

    frame: Frame
    presets: Sequence[Preset]
    text: str
    tag: str
    tags: Sequence[str]
    runs: Sequence[Run]  # whose recipe could be kept


@dataclass(frozen=True, slots=True)
class PresetPage(Context):
    template: ClassVar[str] = "pages/preset.html"

    frame: Frame
    preset: Preset
    versions: Sequence[Preset]
    recipe_text: str


@dataclass(frozen=True, slots=True)
class PresetImportPage(Context):
    """What a file would become, before it does; or everything that is wrong with it."""

    template: ClassVar[str] = "pages/preset_import.html"

    frame: Frame
    text: str
    check: PresetCheck | None  # None: nothing was given yet


@router.get("")
def presets(request: Request, q: str = "", tag: str = "") -> Response:
    workspace = workspace_of(request)
    kept = workspace.presets
    return render(
        PresetsPage(
            frame=frame_of(request),
            presets=kept.list(q, tag),
            text=q,
            tag=tag,
            tags=kept.tags(),
            runs=workspace.runs.list(limit=_RUNS),
        )
    )


@router.post("")
def save(request: Request, sent: Sent) -> Response:
    """From a draft or from a run, as the form says."""
    workspace, name, tags = workspace_of(request), sent.get("name", ""), _tags(sent)
    if draft := sent.get("draft"):
        preset = workspace.presets.save_draft(name, draft, tags)
    else:
        run = workspace.runs.get(sent.get("run", ""))
        preset = workspace.presets.save(name, run.recipe, origin=f"the run {run.name}", tags=tags)
    return _to(preset)


@router.get("/import")
def import_page(request: Request) -> Response:
    return render(PresetImportPage(frame=frame_of(request), text="", check=None))


@router.post("/import")
async def look(request: Request, file: UploadFile | None = None) -> Response:
    """Shows what was given: a file, else the text of the field."""
    form = await request.form()
    text, name = str(form.get("text", "")), str(form.get("name", ""))
    source = str(form.get("source", "")) or "recipe.yaml"
    if file is not None and file.filename:
        source, text = file.filename, (await file.read(_MOST_BYTES)).decode("utf-8", "replace")
    check = workspace_of(request).presets.check(source, text, name)
    return render(PresetImportPage(frame=frame_of(request), text=text, check=check))


@router.post("/import/save")
def bring_in(request: Request, sent: Sent) -> Response:
    kept = workspace_of(request).presets
    return _to(kept.bring_in(sent.get("source", "recipe.yaml"), sent.get("text", ""), sent.get("name", "")))


@router.get("/{reference}")
def preset_page(request: Request, reference: str) -> Response:
    kept = workspace_of(request).presets
    preset = kept.get(reference)
    text = kept.export(preset.label) if preset.recipe else ""
    page = PresetPage(frame=frame_of(request), preset=preset, versions=kept.versions(preset.name), recipe_text=text)
    return render(page)


@router.get("/{reference}/export")
def export(request: Request, reference: str, format: ExportFormat = "yaml") -> Response:
    kept = workspace_of(request).presets
    preset = kept.get(reference)
    answer = PlainTextResponse(kept.export(preset.label, format))
    answer.headers["content-disposition"] = f'attachment; filename="{preset.name}.{format}"'
    return answer


@router.post("/{name}/{what}")
def change(request: Request, name: str, what: Literal["tags", "delete", "train"], sent: Sent) -> Response:
    workspace = workspace_of(request)
    if what == "tags":
        return _to(workspace.presets.tag(name, _tags(sent)))
    if what == "delete":
        workspace.presets.delete(name)
        return RedirectResponse("/presets", status_code=303)
    draft = workspace.presets.into_draft(name)
    return RedirectResponse(f"/train/{draft.draft_id}/{draft.step}", status_code=303)


def _tags(sent: Sent) -> list[str]:
    return sent.get("tags", "").split(",")


def _to(preset: Preset) -> Response:
    return RedirectResponse(f"/presets/{preset.name}", status_code=303)
