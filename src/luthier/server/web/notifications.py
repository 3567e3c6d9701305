"""The page of notices: where they go, when it is quiet, a test, and what became of each."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any, ClassVar

from fastapi import APIRouter, Depends, Request
from fastapi.responses import HTMLResponse

from luthier.domain.errors import LuthierError, Problem
from luthier.domain.notices import NoticeRecord, Urgency
from luthier.domain.notifications import Channel, NotificationSettings, channel_values
from luthier.server.web.context import Context
from luthier.server.web.frame import Frame, frame_of, workspace_of
from luthier.server.web.rendering import render
from luthier.workspace import Workspace

router = APIRouter(prefix="/notifications", include_in_schema=False)

_SHOWN = 50
_MAIL_FIELDS = ("host", "port", "security", "username", "sender")


@dataclass(frozen=True, slots=True)
class NoticeChannels(Context):
    template: ClassVar[str] = "fragments/notice_channels.html"

    settings: NotificationSettings
    form: Mapping[str, str]  # what was typed and not taken
    problem: Problem | None = None
    done: str = ""  # what was just done, in words
    secret: str | None = None  # of a webhook that was just added


@dataclass(frozen=True, slots=True)
class NoticeHistory(Context):
    template: ClassVar[str] = "fragments/notice_history.html"

    records: Sequence[NoticeRecord]
    names: Mapping[str, str]  # of channels, by their id
    now: datetime


@dataclass(frozen=True, slots=True)
class NotificationsPage(Context):
    template: ClassVar[str] = "pages/notifications.html"

    frame: Frame
    channels: NoticeChannels
    history: NoticeHistory


async def _typed(request: Request) -> dict[str, str]:
    """The fields that were filled in."""
    return {name: str(value).strip() for name, value in (await request.form()).items() if str(value).strip()}


Typed = Annotated[dict[str, str], Depends(_typed)]


@router.get("")
def notifications(request: Request) -> HTMLResponse:
    workspace = workspace_of(request)
    page = NotificationsPage(
        frame=frame_of(request),
        channels=NoticeChannels(settings=workspace.notifications.settings(), form={}),
        history=_history(workspace),
    )
    return render(page)


@router.get("/history")
def history(request: Request) -> HTMLResponse:
    return render(_history(workspace_of(request)))


@router.post("/channels")
def add(request: Request, typed: Typed) -> HTMLResponse:
    workspace = workspace_of(request)
    try:
        added = workspace.notifications.add(_values(typed), typed.get("password"))
    except LuthierError as error:
        kept = {name: value for name, value in typed.items() if name != "password"}
        return render(NoticeChannels(settings=workspace.notifications.settings(), form=kept, problem=error.problem))
    done = f"{added.channel.name} was added. Send it a test."
    settings = workspace.notifications.settings()
    return render(NoticeChannels(settings=settings, form={}, done=done, secret=added.secret))


@router.post("/channels/{channel_id}/test")
def test(request: Request, channel_id: str) -> HTMLResponse:
    return _done(request, lambda workspace: f"{workspace.notifications.test(channel_id).name} took the test.")


@router.post("/channels/{channel_id}/remove")
def remove(request: Request, channel_id: str) -> HTMLResponse:
    return _done(request, lambda workspace: f"{workspace.notifications.remove(channel_id).name} was removed.")


@router.post("/quiet-hours")
def quiet_hours(request: Request, typed: Typed) -> HTMLResponse:
    """Two empty times end them."""

    def set_hours(workspace: Workspace) -> str:
        settings = workspace.notifications.set_quiet_hours(typed.get("begin"), typed.get("end"))
        return "The quiet hours are set." if settings.quiet_hours else "There are no quiet hours."

    return _done(request, set_hours)


def _done(request: Request, act: Callable[[Workspace], str]) -> HTMLResponse:
    workspace = workspace_of(request)
    try:
        done, problem = act(workspace), None
    except LuthierError as error:
        done, problem = "", error.problem
    settings = workspace.notifications.settings()
    return render(NoticeChannels(settings=settings, form={}, done=done, problem=problem))


def _values(typed: Mapping[str, str]) -> dict[str, Any]:
    values = channel_values(typed.get("target", ""))
    if values["kind"] == "email":
        values |= {name: typed[name] for name in _MAIL_FIELDS if name in typed}
    if values["kind"] == "desktop" and "sound" in typed:
        values["sound"] = True
    return {**values, "name": typed.get("name", ""), "least": typed.get("least", Urgency.LOW.value)}


def _history(workspace: Workspace) -> NoticeHistory:
    channels: Sequence[Channel] = workspace.notifications.settings().channels
    return NoticeHistory(
        records=workspace.notifications.history(limit=_SHOWN),
        names={channel.channel_id: channel.name for channel in channels},
        now=workspace.clock.now(),
    )
