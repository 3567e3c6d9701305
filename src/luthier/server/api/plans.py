"""Plans over HTTP: a recipe resolved for this machine, without running it; profiles; what runs have taught."""

from typing import Annotated

from fastapi import APIRouter, Query

from luthier.domain.plans import Plan
from luthier.domain.profiles import Profile
from luthier.domain.recipes import Recipe
from luthier.server.api.access import PROBLEMS, OpenWorkspace
from luthier.services.calibration import CalibrationTable

router = APIRouter(prefix="/plans", tags=["plans"], responses=PROBLEMS)


@router.post("")
def make_plan(
    workspace: OpenWorkspace,
    recipe: Recipe,
    trace: Annotated[bool, Query(description="trace one layer of the base first, which takes a minute, once")] = False,
) -> Plan:
    """Every value with its reason; memory part by part, time, disk and costs as ranges; alternatives."""
    return workspace.plans.make(recipe, trace=trace)


@router.get("/profiles")
def list_profiles(workspace: OpenWorkspace) -> list[Profile]:
    """What a recipe may name under `profiles`: those of the package, then the workspace's own."""
    return list(workspace.plans.profiles())


@router.get("/calibration")
def get_calibration(workspace: OpenWorkspace) -> CalibrationTable:
    """What plans expected of the runs on this machine, what was measured, and what was learnt from it."""
    return workspace.plans.calibration()
