"""Several values instead of one, on the last step of the wizard: their forecast, and one start for all their runs."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Any, ClassVar

from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import Response

from luthier.domain.drafts import Draft
from luthier.domain.errors import LuthierError, Problem
from luthier.domain.sweeps import SweepForecast, SweepInvalid
from luthier.server.web.context import Context
from luthier.server.web.facts import WizardSetting, wizard_groups
from luthier.server.web.frame import workspace_of
from luthier.server.web.leading import lead_to
from luthier.server.web.rendering import render
from luthier.server.web.train import address_of
from luthier.server.web.wizard_forms import Sent
from luthier.services.recipes import parse_sweep
from luthier.workspace import Workspace

router = APIRouter(prefix="/train", include_in_schema=False)

MOST_VALUES = 8  # of one setting: what still can be compared at a glance
_SWEPT = ("settings.", "adapter.")


@dataclass(frozen=True, slots=True)
class Tried:
    """As it was typed."""

    setting: str = ""
    values: str = ""

    def parsed(self) -> dict[str, list[Any]]:
        """Raises SweepInvalid and RecipeInvalid."""
        if not self.setting:
            raise SweepInvalid(reason="no setting was chosen")
        name, values = parse_sweep(f"{self.setting}={self.values.strip().strip(',')}")
        if len(values) > MOST_VALUES:
            raise SweepInvalid(reason=f"{len(values)} values were given, and this form takes {MOST_VALUES} at most")
        return {name: values}


@dataclass(frozen=True, slots=True)
class SweepFold(Context):
    template: ClassVar[str] = "fragments/wizard_sweep.html"

    draft: Draft
    settings: Sequence[WizardSetting]
    tried: Tried
    forecast: SweepForecast | None  # None: nothing was asked for yet, or `problem` says what is wrong with it
    problem: Problem | None
    most: int = MOST_VALUES


def _in_query(
    setting: Annotated[str, Query(max_length=80)] = "", values: Annotated[str, Query(max_length=400)] = ""
) -> Tried:
    return Tried(setting, values)


TriedInQuery = Annotated[Tried, Depends(_in_query)]


@router.get("/{draft_id}/review/sweep")
def forecast(request: Request, draft_id: str, tried: TriedInQuery) -> Response:
    workspace = workspace_of(request)
    return render(sweep_fold(workspace, workspace.drafts.get(draft_id), tried))


@router.post("/{draft_id}/sweep")
def start(request: Request, draft_id: str, sent: Sent) -> Response:
    tried = Tried(sent.get("setting", ""), sent.get("values", ""))
    return lead_to(request, address_of(workspace_of(request).drafts.start_sweep(draft_id, tried.parsed())))


def sweep_fold(workspace: Workspace, draft: Draft, tried: Tried) -> SweepFold:
    """Never fails for what was typed: that is said beside the form."""
    forecast, problem = None, None
    if tried != Tried():
        try:
            forecast = workspace.sweeps.forecast(workspace.drafts.recipe(draft), tried.parsed())
        except LuthierError as error:
            problem = error.problem
    return SweepFold(draft=draft, settings=_swept(), tried=tried, forecast=forecast, problem=problem)


def _swept() -> list[WizardSetting]:
    """Those that change how a run learns; limits and methods make another task of it."""
    all_settings = (setting for group in wizard_groups() for setting in group.settings)
    return [setting for setting in all_settings if setting.name.startswith(_SWEPT) and setting.name != "adapter.kind"]
