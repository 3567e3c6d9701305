"""The whole workspace at one moment over HTTP: the facts of the home page and of `luthier status`."""

from datetime import datetime

from fastapi import APIRouter
from pydantic import BaseModel, Field

from luthier.domain.machine import MachineLoad
from luthier.domain.notices import Notice
from luthier.domain.overviews import Need, Overview, Spent
from luthier.server.api.access import PROBLEMS, OpenWorkspace
from luthier.server.api.views import RunView, VersionView

router = APIRouter(tags=["overview"], responses=PROBLEMS)


class OverviewView(BaseModel):
    at: datetime = Field(description="everything in it is of this moment")
    at_work: list[RunView]
    waiting: list[RunView] = Field(description="in the order of their turn")
    needs: list[Need] = Field(description="runs that go no further by themselves, and why")
    machine: MachineLoad
    spent: Spent = Field(description="by runs that have ended; energy, money and CO2e are estimated for the time taken")
    recent: list[RunView]
    versions: list[VersionView]
    notices: list[Notice]

    @classmethod
    def of(cls, overview: Overview) -> "OverviewView":
        return cls(
            at=overview.at,
            at_work=[RunView.of(run, None) for run in overview.at_work],
            waiting=[RunView.of(each.run, each.place) for each in overview.waiting],
            needs=list(overview.needs),
            machine=overview.machine,
            spent=overview.spent,
            recent=[RunView.of(run, None) for run in overview.recent],
            versions=[VersionView.of(version) for version in overview.versions],
            notices=list(overview.notices),
        )


@router.get("/overview")
def get_overview(workspace: OpenWorkspace) -> OverviewView:
    return OverviewView.of(workspace.overviews.now())
