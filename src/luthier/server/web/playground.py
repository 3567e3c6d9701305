"""The playground: up to four models, the same question, side by side; a chat that was kept can be gone on with."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, ClassVar

from fastapi import APIRouter, Query, Request
from fastapi.responses import HTMLResponse

from luthier.domain.chats import MOST_COLUMNS, Exchange, How, KeptAnswer, KeptChat
from luthier.server.web.context import Context
from luthier.server.web.frame import Frame, frame_of, workspace_of
from luthier.server.web.rendering import render
from luthier.server.web.targets import TargetGroup, target_groups
from luthier.workspace import Workspace

router = APIRouter(include_in_schema=False)


@dataclass(frozen=True, slots=True)
class Column:
    reference: str
    exchanges: Sequence[tuple[Exchange, KeptAnswer]] = ()  # what was said in it before


@dataclass(frozen=True, slots=True)
class PlaygroundPage(Context):
    template: ClassVar[str] = "pages/playground.html"

    frame: Frame
    groups: Sequence[TargetGroup]
    columns: Sequence[Column]
    most_columns: int
    chat_id: str  # empty for a new one
    how: How  # with the system message of the first model
    prompts: Sequence[str]  # suggestions: what the run's held-out examples asked
    datasets: Sequence[str]


@router.get("/playground")
def playground(
    request: Request, target: str = "", against: Annotated[Sequence[str], Query()] = (), chat: str = ""
) -> HTMLResponse:
    workspace = workspace_of(request)
    kept = workspace.chats.get(chat) if chat else None
    columns = (
        _columns(kept) if kept is not None and kept.labels else [Column(each) for each in (target, *against) if each]
    )
    groups = target_groups(workspace, [column.reference for column in columns])
    columns = columns[:MOST_COLUMNS] or [Column(groups[0].targets[0].reference)]
    first = columns[0].reference
    page = PlaygroundPage(
        frame=frame_of(request),
        groups=groups,
        columns=columns,
        most_columns=MOST_COLUMNS,
        chat_id=kept.chat_id if kept is not None and kept.labels else "",
        how=kept.exchanges[-1].how if kept is not None and kept.labels else How(system=_system_prompt(groups, first)),
        prompts=_prompts(workspace, first),
        datasets=dataset_names(workspace),
    )
    return render(page)


def dataset_names(workspace: Workspace) -> list[str]:
    """That answers can be sent to, the newest first."""
    return list(dict.fromkeys(dataset.name for dataset in workspace.datasets.list()))


def _columns(chat: KeptChat) -> list[Column]:
    """Each with the model that answered in it last."""
    answers = [(exchange, answer) for exchange in chat.exchanges for answer in exchange.answers]
    places = range(max(answer.column for _, answer in answers) + 1)
    found = [[pair for pair in answers if pair[1].column == place] for place in places]
    return [Column((pairs or answers)[-1][1].target, pairs) for pairs in found]


def _system_prompt(groups: Sequence[TargetGroup], reference: str) -> str:
    return next(target.system_prompt for group in groups for target in group.targets if target.reference == reference)


def _prompts(workspace: Workspace, target: str) -> list[str]:
    runs = {version.version_id: version.run_id for version in workspace.versions.list()}
    run_id = runs.get(target, target)
    if not run_id.startswith("run_"):
        return []
    return [sample.prompt for sample in workspace.runs.samples(run_id)][:3]
