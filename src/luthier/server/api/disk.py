"""The disk over HTTP: what uses it, what can go, and letting it go."""

from fastapi import APIRouter
from pydantic import BaseModel, Field

from luthier.domain.disk_use import CleanedUp, DiskItem, DiskUse
from luthier.server.api.access import PROBLEMS, OpenWorkspace

router = APIRouter(prefix="/disk", tags=["disk"], responses=PROBLEMS)


class CleanUp(BaseModel):
    items: list[str] = Field(min_length=1, max_length=1000, description="ids of what is offered")


class DiskView(BaseModel):
    bytes: int
    free_bytes: int
    low_below_bytes: int
    is_low: bool
    offered_bytes: int
    items: list[DiskItem] = Field(description="the largest first; `may_go` says what is offered")

    @classmethod
    def of(cls, use: DiskUse) -> "DiskView":
        return cls(**{name: getattr(use, name) for name in cls.model_fields.keys() - {"items"}}, items=list(use.items))


@router.get("")
def get_disk(workspace: OpenWorkspace) -> DiskView:
    return DiskView.of(workspace.disk.use())


@router.post("/clean-up")
def clean_up(workspace: OpenWorkspace, wanted: CleanUp) -> CleanedUp:
    """Each is looked at again just before; what serves, is tagged or is still needed is refused."""
    return workspace.disk.clean_up(wanted.items)
