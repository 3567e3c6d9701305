"""The workspace at one moment: what is at work, what waits, what needs somebody, how the machine is, what was spent."""

from datetime import datetime

from luthier.domain.machine import MachineLoad
from luthier.domain.notices import Notice
from luthier.domain.queues import Place
from luthier.domain.runs import Run
from luthier.domain.spending import Spending
from luthier.domain.versions import Version
from luthier.kit.frozen import Frozen


class Waiting(Frozen):
    run: Run
    place: Place | None  # None before the queue has looked at it


class Need(Frozen):
    """A run that goes no further by itself."""

    run_id: str
    name: str
    state: str
    sentence: str
    since: datetime


class Spent(Frozen):
    """Of runs that have ended."""

    today: Spending
    month: Spending  # the last thirty days
    ever: Spending


class Overview(Frozen):
    at: datetime  # everything in it is of this moment
    at_work: tuple[Run, ...]
    waiting: tuple[Waiting, ...]
    needs: tuple[Need, ...]  # the newest first
    machine: MachineLoad
    spent: Spent
    recent: tuple[Run, ...]  # the newest first
    versions: tuple[Version, ...]
    notices: tuple[Notice, ...]
