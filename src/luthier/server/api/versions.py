"""Versions over HTTP: adapters that were registered, newest first."""

from fastapi import APIRouter

from luthier.server.api.access import PROBLEMS, OpenWorkspace, Reference
from luthier.server.api.paging import Cursor, Limit, Page, page_of
from luthier.server.api.views import VersionView

router = APIRouter(prefix="/versions", tags=["versions"], responses=PROBLEMS)


@router.get("")
def list_versions(workspace: OpenWorkspace, limit: Limit = 50, cursor: Cursor = None) -> Page[VersionView]:
    shown = [VersionView.of(version) for version in workspace.versions.list()]
    return page_of(shown, lambda version: version.version_id, cursor, limit)


@router.get("/{reference}")
def get_version(workspace: OpenWorkspace, reference: Reference) -> VersionView:
    """`name` (its newest), `name@0.1.0`, or an id."""
    return VersionView.of(workspace.versions.get(reference))
