"""`GET /v1/models`: what may be asked, by the names that `model` takes."""

from typing import Annotated, Literal

from fastapi import APIRouter, Path
from pydantic import BaseModel

from luthier.domain.chat import TargetNotFound
from luthier.server.api.access import OpenWorkspace
from luthier.server.refusals import REFUSALS
from luthier.workspace import Workspace

router = APIRouter(prefix="/models", tags=["openai"], responses=REFUSALS)


class ModelOut(BaseModel):
    id: str
    object: Literal["model"] = "model"
    created: int
    owned_by: str


class ModelList(BaseModel):
    object: Literal["list"] = "list"
    data: list[ModelOut]


@router.get("")
def list_openai_models(workspace: OpenWorkspace) -> ModelList:
    """Versions, runs that completed, and base models that are on this machine."""
    return ModelList(data=_models(workspace))


@router.get("/{model:path}")
def get_openai_model(workspace: OpenWorkspace, model: Annotated[str, Path(max_length=4096)]) -> ModelOut:
    """One of them, by its name."""
    found = next((each for each in _models(workspace) if each.id == model), None)
    if found is None:
        raise TargetNotFound(name=model)
    return found


def _models(workspace: Workspace) -> list[ModelOut]:
    return [
        ModelOut(id=target.name, created=int(target.created_at.timestamp()), owned_by=target.kind)
        for target in workspace.chat.targets()
    ]
