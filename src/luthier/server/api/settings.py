"""Settings over HTTP: what is set and by whom, changing it, and what goes because it was kept for long enough."""

from fastapi import APIRouter
from pydantic import BaseModel, Field

from luthier.domain.kept_settings import Leaving, SettingStanding, shown
from luthier.server.api.access import PROBLEMS, OpenWorkspace, Reference

router = APIRouter(prefix="/settings", tags=["settings"], responses=PROBLEMS)


class NewValue(BaseModel):
    value: bool | int | float | str | None = Field(description="null goes back to the default")


@router.get("")
def list_settings(workspace: OpenWorkspace) -> tuple[SettingStanding, ...]:
    return workspace.kept_settings.list()


@router.get("/leaving")
def list_leaving(workspace: OpenWorkspace) -> tuple[Leaving, ...]:
    """What is older than it is kept, and goes with the next tidying."""
    return workspace.retention.leaving()


@router.post("/tidy")
def tidy(workspace: OpenWorkspace) -> tuple[Leaving, ...]:
    """Removes what is older than it is kept, for good; the server does so once an hour. Answers what went."""
    return workspace.retention.apply()


@router.get("/{name}")
def get_setting(workspace: OpenWorkspace, name: Reference) -> SettingStanding:
    return workspace.kept_settings.get(name)


@router.put("/{name}")
def set_setting(workspace: OpenWorkspace, name: Reference, wish: NewValue) -> SettingStanding:
    """Kept in the workspace's settings.toml."""
    workspace.kept_settings.change({name: shown(wish.value)})
    return workspace.kept_settings.get(name)


@router.delete("/{name}", status_code=204)
def unset_setting(workspace: OpenWorkspace, name: Reference) -> None:
    """Takes it out of the file, so that the default counts again."""
    workspace.kept_settings.unset(name)
