"""From scenarios to a dataset: some variations to look at, and the work in the background that makes many."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, ClassVar, Literal

from fastapi import APIRouter, Depends, Form, Request
from fastapi.responses import HTMLResponse

from luthier.domain.errors import LuthierError, Problem
from luthier.domain.imports import ImportRequest
from luthier.domain.scenario_views import VariedText
from luthier.domain.scenarios import LARGEST_COUNT, ScenarioOptions
from luthier.server.web.context import Context
from luthier.server.web.frame import workspace_of
from luthier.server.web.imports import ImportProgress
from luthier.server.web.rendering import render

router = APIRouter(prefix="/scenarios", include_in_schema=False)

SHOWN = 3


@dataclass(frozen=True, slots=True)
class MakingForm:
    path: Annotated[str, Form(min_length=1, max_length=4096)]
    name: Annotated[str, Form(max_length=120)] = ""
    each: Annotated[Literal["turn", "scenario"], Form()] = "turn"
    calls: Annotated[Literal["tools", "text"], Form()] = "tools"
    count: Annotated[int, Form(ge=0, le=LARGEST_COUNT)] = 0
    seed: Annotated[int, Form(ge=0, le=2**31)] = 0


@dataclass(frozen=True, slots=True)
class ScenarioVariants(Context):
    template: ClassVar[str] = "fragments/scenario_variants.html"

    variants: Sequence[VariedText]
    problem: Problem | None


AskedMaking = Annotated[MakingForm, Depends()]


@router.post("/vary")
def vary(request: Request, form: AskedMaking) -> HTMLResponse:
    """The first variations that the seed gives; nothing is kept."""
    try:
        found = workspace_of(request).scenarios.variants(form.path, count=SHOWN, seed=form.seed)
    except LuthierError as error:
        return render(ScenarioVariants(variants=(), problem=error.problem))
    return render(ScenarioVariants(variants=found, problem=None))


@router.post("/keep")
def keep(request: Request, form: AskedMaking) -> HTMLResponse:
    """Begins to make a dataset; the part that this draws asks how far it is, as for any import."""
    options = ScenarioOptions(each=form.each, as_tools=form.calls == "tools", count=form.count, seed=form.seed)
    wanted = ImportRequest(path=form.path, name=form.name.strip() or None, scenarios=options)
    return render(ImportProgress(job=workspace_of(request).imports.begin(wanted)))
