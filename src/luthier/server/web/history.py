"""Where a dataset comes from, which versions its name has, and the usual ways to make a cleaner one of it."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, ClassVar, Literal

from fastapi import APIRouter, Form, Request
from fastapi.responses import Response

from luthier.domain.datasets import Dataset
from luthier.domain.derivations import Lineage, request_from
from luthier.domain.errors import LuthierError, Problem
from luthier.server.web.context import Context
from luthier.server.web.frame import workspace_of
from luthier.server.web.rendering import render
from luthier.workspace import Workspace

router = APIRouter(prefix="/datasets", include_in_schema=False)

Way = Literal["dedupe", "repair", "redact", "split"]


@dataclass(frozen=True, slots=True)
class DatasetHistory(Context):
    template: ClassVar[str] = "fragments/dataset_history.html"

    dataset: Dataset
    lineage: Lineage
    versions: Sequence[Dataset]  # of its name, the newest first
    ways: Sequence[tuple[Way, str, str]]  # what, its name, what it does
    unchanged: str  # the way that was tried and had nothing to do
    problem: Problem | None


_WAYS: tuple[tuple[Way, str, str], ...] = (
    ("repair", "Repair", "Removes what cannot be seen or stored; the words stay."),
    ("dedupe", "Remove repetitions", "Keeps the first of examples that are the same."),
    ("redact", "Redact", "Puts placeholders for personal data and secrets."),
    ("split", "Hold out a tenth", "Questions that are nearly equal stay on one side."),
)


@router.post("/{reference}/derive")
def derive(request: Request, reference: str, what: Annotated[Way, Form()]) -> Response:
    """Leads to what was made; when there was nothing to do, says so where it was asked."""
    workspace = workspace_of(request)
    dataset = workspace.datasets.get(reference)
    try:
        made = workspace.derivations.derive(dataset.label, request_from(what, {}))
    except LuthierError as error:
        return render(dataset_history(workspace, dataset, problem=error.problem))
    if [each.label for each in made] == [dataset.label]:
        return render(dataset_history(workspace, dataset, unchanged=what))
    return Response(status_code=204, headers={"HX-Redirect": f"/datasets/{made[0].label}"})


def dataset_history(
    workspace: Workspace, dataset: Dataset, unchanged: str = "", problem: Problem | None = None
) -> DatasetHistory:
    return DatasetHistory(
        dataset=dataset,
        lineage=workspace.derivations.lineage(dataset.label),
        versions=[each for each in workspace.datasets.list() if each.name == dataset.name],
        ways=_WAYS,
        unchanged=unchanged,
        problem=problem,
    )
