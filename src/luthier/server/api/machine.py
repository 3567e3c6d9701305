"""The machine over HTTP: how many cores, how much memory and disk, and how much of it is in use."""

from fastapi import APIRouter
from pydantic import BaseModel, Field

from luthier.server.api.access import PROBLEMS, OpenWorkspace
from luthier.server.web.machine import measure

router = APIRouter(prefix="/machine", tags=["machine"], responses=PROBLEMS)


class MachineLoad(BaseModel):
    cores: int
    busy_share: float = Field(description="of all cores, since the request before; 0..1")
    memory_used: int = Field(description="bytes")
    memory_total: int
    disk_used: int = Field(description="bytes, where the workspace is")
    disk_total: int
    disk_free: int


@router.get("")
def get_machine(workspace: OpenWorkspace) -> MachineLoad:
    load = measure(workspace.settings.workspace_folder)
    return MachineLoad(**{name: getattr(load, name) for name in MachineLoad.model_fields})
