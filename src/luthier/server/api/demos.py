"""Demos over HTTP: a Gradio page for a version is written, started and stopped."""

from fastapi import APIRouter
from pydantic import BaseModel, Field

from luthier.domain.demos import Demo, DemoWanted
from luthier.server.api.access import PROBLEMS, OpenWorkspace, Reference

router = APIRouter(prefix="/versions/{reference}/demo", tags=["versions"], responses=PROBLEMS)


class WriteDemo(BaseModel):
    wanted: DemoWanted = DemoWanted()
    export: str | None = Field(default=None, description="its GGUF file goes along, so that no server is needed")


@router.put("")
def write_demo(workspace: OpenWorkspace, reference: Reference, given: WriteDemo) -> Demo:
    """In the place of an earlier one."""
    return workspace.demos.write(reference, given.wanted, given.export)


@router.get("")
def get_demo(workspace: OpenWorkspace, reference: Reference) -> Demo:
    """`url` is empty while it does not run."""
    return workspace.demos.get(reference)


@router.post("/start")
def start_demo(workspace: OpenWorkspace, reference: Reference) -> Demo:
    """Answers once its page does."""
    return workspace.demos.start(reference)


@router.post("/stop")
def stop_demo(workspace: OpenWorkspace, reference: Reference) -> Demo:
    workspace.demos.stop(reference)
    return workspace.demos.get(reference)
