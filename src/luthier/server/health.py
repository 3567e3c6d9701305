"""A sign of life for programs that watch the server; says nothing else, because it asks for no sign-in."""

from fastapi import APIRouter
from pydantic import BaseModel

from luthier import __version__

router = APIRouter(tags=["health"])


class Health(BaseModel):
    status: str
    version: str


@router.get("/healthz")
def health() -> Health:
    return Health(status="ok", version=__version__)
