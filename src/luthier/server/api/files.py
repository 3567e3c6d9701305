"""Files over HTTP: sent once, then checked and imported by their id."""

from typing import Annotated

from fastapi import APIRouter, File, UploadFile

from luthier.domain.uploads import Upload
from luthier.server.api.access import PROBLEMS, OpenWorkspace

router = APIRouter(prefix="/files", tags=["datasets"], responses=PROBLEMS)


@router.post("/upload", status_code=201)
def upload_file(
    workspace: OpenWorkspace,
    file: Annotated[UploadFile, File(description="up to 2 GB; larger ones are imported from their place")],
) -> Upload:
    """Keeps a file for a day, or until it is imported."""
    return workspace.uploads.keep(file.filename, file.file, file.size or 0)
