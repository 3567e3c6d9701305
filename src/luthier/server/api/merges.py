"""Merges over HTTP: adapters of one base become a new version, with progress, cancel and a way back."""

from fastapi import APIRouter
from pydantic import BaseModel, Field

from luthier.domain.merges import Merge, MergeRequest
from luthier.server.api.access import PROBLEMS, OpenWorkspace
from luthier.server.api.paging import Cursor, Limit, Page, page_of

router = APIRouter(prefix="/merges", tags=["merges"], responses=PROBLEMS)


class MakeMerge(BaseModel):
    versions: list[str] = Field(min_length=1, max_length=8, description="name, name@number, or an id each")
    request: MergeRequest = MergeRequest()


@router.post("", status_code=202)
def make_merge(workspace: OpenWorkspace, wanted: MakeMerge) -> Merge:
    """Begins it. When it is done, `version_id` names the version that it became."""
    return workspace.merging.make(wanted.versions, wanted.request)


@router.get("")
def list_merges(workspace: OpenWorkspace, limit: Limit = 50, cursor: Cursor = None) -> Page[Merge]:
    """Newest first; each is listed for a day after its end."""
    return page_of(workspace.merging.list(), lambda merge: merge.merge_id, cursor, limit)


@router.get("/{merge_id}")
def get_merge(workspace: OpenWorkspace, merge_id: str) -> Merge:
    return workspace.merging.get(merge_id)


@router.post("/{merge_id}/cancel")
def cancel_merge(workspace: OpenWorkspace, merge_id: str) -> Merge:
    """Nothing of it is kept. What is done stays."""
    return workspace.merging.cancel(merge_id)


@router.post("/{merge_id}/restart")
def restart_merge(workspace: OpenWorkspace, merge_id: str) -> Merge:
    """For what failed, was cancelled, or lost its process."""
    return workspace.merging.begin_again(merge_id)
