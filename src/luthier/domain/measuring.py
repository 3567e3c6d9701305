"""Measuring a machine: what is asked of the process that does it, what it says, and how far it is."""

from datetime import datetime
from enum import StrEnum
from typing import Annotated, Literal

from pydantic import Field, TypeAdapter

from luthier.domain.errors import Action, NotAllowedNow, NotFound, Problem, WorkFailed
from luthier.domain.jobs import Progress
from luthier.domain.machine import DeviceRates, Measured
from luthier.domain.models import ModelShape
from luthier.kit.frozen import Frozen


class MeasuringOrder(Frozen):
    """What the process is told, as JSON on its standard input."""

    folder: str  # on the disk to be measured
    base: str  # the name of the shape
    shape: ModelShape
    seconds_for_each: float = 4.0  # about, for each of the rates


class Measurement(Frozen):
    """What it found; machine, moment and conditions are known to whoever started it."""

    kind: Literal["measurement"] = "measurement"
    torch: str
    threads: int
    devices: tuple[DeviceRates, ...]
    disk_bytes_per_second: Measured


class MeasuringFailed(Frozen):
    kind: Literal["failed"] = "failed"
    problem: Problem


FromMeasuring: TypeAdapter[Measurement | MeasuringFailed | Progress] = TypeAdapter(
    Annotated[Measurement | MeasuringFailed | Progress, Field(discriminator="kind")]
)


class MeasuringState(StrEnum):
    IDLE = "idle"  # nothing was measured since this process started
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"


class MeasuringStanding(Frozen):
    state: MeasuringState = MeasuringState.IDLE
    progress: Progress | None = None
    started_at: datetime | None = None
    problem: Problem | None = None
    kept: bool = True  # False when the machine was busy, and rates of a quieter time stay


class RatesNotMeasured(NotFound):
    code = "machine.rates_not_measured"
    sentence = "This machine has not been measured yet, so there are no rates."
    actions = (Action(label="Measure it", command="luthier doctor --measure"),)


class MeasuringUnderWay(NotAllowedNow):
    code = "machine.measuring_under_way"
    sentence = "This machine is being measured already; two at once would measure each other."
    actions = (Action(label="Wait a minute, then see the result", command="luthier doctor"),)


class MeasuringLost(WorkFailed):
    code = "machine.measuring_lost"
    sentence = "The process that measured this machine ended early, with exit code {code}."
    actions = (
        Action(label="Measure again with fewer programs open", command="luthier doctor --measure"),
        Action(label="See what it said", command="luthier doctor --measure --debug"),
    )
