"""Plans over HTTP: a recipe resolved for this machine, without running it."""

from fastapi import APIRouter

from luthier.domain.plans import Plan
from luthier.domain.recipes import Recipe
from luthier.server.api.access import PROBLEMS, OpenWorkspace

router = APIRouter(prefix="/plans", tags=["plans"], responses=PROBLEMS)


@router.post("")
def make_plan(workspace: OpenWorkspace, recipe: Recipe) -> Plan:
    """Every value with its reason; memory, time and disk as ranges."""
    return workspace.plans.make(recipe)
