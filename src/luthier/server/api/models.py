"""Base models over HTTP: what is here, and fetching one."""

from fastapi import APIRouter
from pydantic import BaseModel, Field

from luthier.server.api.access import PROBLEMS, OpenWorkspace
from luthier.server.api.paging import Cursor, Limit, Page, page_of
from luthier.server.api.views import BaseModelView

router = APIRouter(prefix="/models", tags=["models"], responses=PROBLEMS)


class Pull(BaseModel):
    reference: str = Field(min_length=1, max_length=4096, description='"starter", a hub id, or a folder')
    again: bool = Field(default=False, description="fetch it anew although it is here")


@router.get("")
def list_models(workspace: OpenWorkspace, limit: Limit = 50, cursor: Cursor = None) -> Page[BaseModelView]:
    shown = [BaseModelView.of(model) for model in workspace.models.list()]
    return page_of(shown, lambda model: model.name, cursor, limit)


@router.post("/pull")
def pull_model(workspace: OpenWorkspace, pull: Pull) -> BaseModelView:
    """Answers when the model is here and verified, which can take minutes."""
    return BaseModelView.of(workspace.models.pull(pull.reference, again=pull.again))
