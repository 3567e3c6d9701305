"""Keys over HTTP: made, listed, revoked; a key itself is in one answer only, the one that made it."""

from fastapi import APIRouter
from pydantic import BaseModel, Field

from luthier.domain.keys import LONGEST_NAME, Key
from luthier.server.api.access import PROBLEMS, OpenWorkspace, Reference
from luthier.server.api.paging import Cursor, Limit, Page, page_of

router = APIRouter(prefix="/keys", tags=["keys"], responses=PROBLEMS)


class NewKey(BaseModel):
    name: str = Field(min_length=1, max_length=LONGEST_NAME, description="what it is for")
    days: int | None = Field(default=None, ge=1, le=3650, description="it ends by itself after so long")


class MadeKeyView(BaseModel):
    key: Key
    secret: str = Field(description="the key itself; it is never shown again")


@router.get("")
def list_keys(workspace: OpenWorkspace, limit: Limit = 50, cursor: Cursor = None) -> Page[Key]:
    return page_of(workspace.keys.list(), lambda key: key.key_id, cursor, limit)


@router.post("", status_code=201)
def make_key(workspace: OpenWorkspace, wish: NewKey) -> MadeKeyView:
    """A key for programs: it opens `/v1` and nothing else."""
    made = workspace.keys.make(wish.name, wish.days)
    return MadeKeyView(key=made.key, secret=made.secret)


@router.delete("/{reference}")
def revoke_key(workspace: OpenWorkspace, reference: Reference) -> Key:
    """By name or id. Its streams end within seconds."""
    return workspace.keys.revoke(reference)
