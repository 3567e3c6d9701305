"""The machine over HTTP: how busy it is, what it is, how fast it was measured to be, and the doctor's checks."""

from typing import Annotated

from fastapi import APIRouter, Query

from luthier.domain.checkup import Checkup
from luthier.domain.machine import Machine, MachineLoad, Rates
from luthier.domain.measuring import MeasuringStanding, RatesNotMeasured
from luthier.server.api.access import PROBLEMS, OpenWorkspace

router = APIRouter(tags=["machine"], responses=PROBLEMS)

Refresh = Annotated[bool, Query(description="look at the hardware anew instead of what was seen minutes ago")]


@router.get("/machine")
def get_machine(workspace: OpenWorkspace) -> MachineLoad:
    """How busy it is at this moment, its GPUs included."""
    return workspace.machine.load()


@router.get("/machine/profile")
def get_machine_profile(workspace: OpenWorkspace, refresh: Refresh = False) -> Machine:
    """What this process may use of the machine; `unknown` says what could not be found out."""
    return workspace.machine.get(refresh=refresh)


@router.get("/machine/rates")
def get_machine_rates(workspace: OpenWorkspace) -> Rates:
    """What was measured on a machine like this one is."""
    rates = workspace.machine.rates()
    if rates is None:
        raise RatesNotMeasured
    return rates


@router.get("/machine/measuring")
def get_measuring(workspace: OpenWorkspace) -> MeasuringStanding:
    """How far the measuring is that this server began."""
    return workspace.measuring.standing()


@router.post("/machine/measuring", status_code=202)
def begin_measuring(workspace: OpenWorkspace) -> MeasuringStanding:
    """Goes on in the background for about a minute; ask for it until its state is no longer `running`."""
    return workspace.measuring.begin()


@router.post("/machine/measuring/cancel")
def cancel_measuring(workspace: OpenWorkspace) -> MeasuringStanding:
    """Nothing of it is kept; rates of an earlier time stay."""
    return workspace.measuring.cancel()


@router.get("/doctor")
def get_checkup(workspace: OpenWorkspace, refresh: Refresh = False) -> Checkup:
    """Machine, software and workspace, point by point: what is there, why it matters, and what mends it."""
    return workspace.doctor.examine(refresh=refresh)
