"""Files that were sent to the server and wait to be checked and imported."""

from datetime import datetime

from luthier.domain.errors import Action, NotFound
from luthier.kit.frozen import Frozen


class Upload(Frozen):
    upload_id: str
    name: str  # as it was sent, made safe
    bytes: int
    sent_at: datetime


class UploadNotFound(NotFound):
    code = "uploads.not_found"
    sentence = "The file that was sent as {upload} is not here any more."
    actions = (Action(label="Send it again; a file that is not imported is kept for a day"),)
