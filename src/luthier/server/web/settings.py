"""The page of settings: one form for each section, with what decides each value and what is wrong with a new one."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import ClassVar

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, Response

from luthier.domain.errors import LuthierError, Problem
from luthier.domain.kept_settings import Leaving, SettingStanding, SettingUnknown
from luthier.domain.updates import UpdateNews, UpdatesUnknown
from luthier.kit.units import show_bytes
from luthier.server.web.context import Context
from luthier.server.web.frame import Frame, frame_of, workspace_of
from luthier.server.web.leading import part_or_page
from luthier.server.web.notifications import Typed
from luthier.server.web.rendering import render
from luthier.server.web.words import plural
from luthier.workspace import Workspace

router = APIRouter(prefix="/settings", include_in_schema=False)


@dataclass(frozen=True, slots=True)
class SettingsSection(Context):
    template: ClassVar[str] = "fragments/settings_section.html"

    title: str
    settings: Sequence[SettingStanding]
    typed: Mapping[str, str] = field(default_factory=dict)  # what was not taken
    faults: Mapping[str, str] = field(default_factory=dict)  # by setting
    done: str = ""


@dataclass(frozen=True, slots=True)
class SettingsLeaving(Context):
    template: ClassVar[str] = "fragments/settings_leaving.html"

    leaving: Sequence[Leaving]
    done: str = ""


@dataclass(frozen=True, slots=True)
class UpdatesCard(Context):
    template: ClassVar[str] = "fragments/updates.html"

    frame: Frame
    news: UpdateNews
    problem: Problem | None = None  # with what was asked just now


@dataclass(frozen=True, slots=True)
class SettingsPage(Context):
    template: ClassVar[str] = "pages/settings.html"

    frame: Frame
    path: str
    sections: Sequence[SettingsSection]
    leaving: SettingsLeaving | None
    updates: UpdatesCard
    problem: Problem | None = None


@router.get("")
def settings(request: Request) -> HTMLResponse:
    workspace = workspace_of(request)
    fault = workspace.kept_settings.fault()
    page = SettingsPage(
        frame=frame_of(request),
        path=str(workspace.folders.settings),
        sections=() if fault else _sections(workspace),
        leaving=None if fault else SettingsLeaving(workspace.retention.leaving()),
        updates=UpdatesCard(frame_of(request), workspace.updates.known()),
        problem=fault.problem if fault else None,
    )
    return render(page)


@router.post("/updates/look")
def look_for_updates(request: Request) -> Response:
    updates = workspace_of(request).updates
    try:
        card = UpdatesCard(frame_of(request), updates.look())
    except UpdatesUnknown as error:
        card = UpdatesCard(frame_of(request), updates.known(), problem=error.problem)
    return part_or_page(request, card, "/settings#updates")


@router.post("/tidy")
def tidy(request: Request) -> HTMLResponse:
    retention = workspace_of(request).retention
    gone = retention.apply()
    size = show_bytes(sum(each.size_bytes for each in gone))
    return render(SettingsLeaving(retention.leaving(), done=f"{plural(len(gone), 'thing')} gone, {size}."))


@router.post("/{title}")
def save(request: Request, title: str, typed: Typed) -> HTMLResponse:
    """All of a section or nothing of it; what was typed stays in the form until it is taken."""
    workspace = workspace_of(request)
    section = _section(workspace, title)
    wanted = {each.name: _wanted(each, typed) for each in section.settings if each.source != "environment"}
    faults = _faults(workspace, wanted)
    if faults:
        return render(SettingsSection(section.title, section.settings, typed=wanted, faults=faults))
    workspace.kept_settings.change(wanted)
    later = any(not each.at_once for each in section.settings)
    done = "Saved; it counts when Luthier is started again." if later else "Saved; it counts from now on."
    return render(SettingsSection(section.title, _section(workspace, title).settings, done=done))


def _wanted(setting: SettingStanding, typed: Mapping[str, str]) -> str:
    """An unticked box sends nothing."""
    return typed.get(setting.name, "off" if setting.takes == "switch" else "")


def _faults(workspace: Workspace, wanted: Mapping[str, str]) -> dict[str, str]:
    faults = {}
    for name, text in wanted.items():
        try:
            workspace.kept_settings.check(name, text)
        except LuthierError as error:
            faults[name] = error.problem.sentence
    return faults


def _sections(workspace: Workspace) -> list[SettingsSection]:
    standings = workspace.kept_settings.list()
    titles = dict.fromkeys(each.section for each in standings)
    return [SettingsSection(title, [each for each in standings if each.section == title]) for title in titles]


def _section(workspace: Workspace, title: str) -> SettingsSection:
    """Raises SettingUnknown."""
    for section in _sections(workspace):
        if section.title == title:
            return section
    raise SettingUnknown(name=title)
