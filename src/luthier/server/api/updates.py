"""Newer versions of Luthier over HTTP: what is known of them, and asking the package index now."""

from fastapi import APIRouter

from luthier.domain.updates import UpdateNews
from luthier.server.api.access import PROBLEMS, OpenWorkspace

router = APIRouter(prefix="/updates", tags=["settings"], responses=PROBLEMS)


@router.get("")
def get_updates(workspace: OpenWorkspace) -> UpdateNews:
    """As it was said last; nothing is asked."""
    return workspace.updates.known()


@router.post("/look")
def look_for_updates(workspace: OpenWorkspace) -> UpdateNews:
    """Asks the package index for a list of releases, and sends nothing else."""
    return workspace.updates.look()
