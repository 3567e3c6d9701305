"""Downloads: base models on their way here, however long it takes and whatever ends on the way."""

from datetime import datetime

from luthier.domain.background import WorkState
from luthier.domain.errors import Action, NotAllowedNow, NotFound, Problem
from luthier.domain.jobs import Progress
from luthier.kit.frozen import Frozen


class Download(Frozen):
    download_id: str
    model: str
    state: WorkState
    started_at: datetime
    progress: Progress | None = None  # None until it is its turn, and when nobody works on it
    problem: Problem | None = None


class DownloadNotFound(NotFound):
    code = "downloads.not_found"
    sentence = "There is no download {download}."
    actions = (Action(label="See the models that are here", command="luthier models list"),)


class DownloadEnded(NotAllowedNow):
    code = "downloads.ended"
    sentence = "The download of {model} is {state}, so it cannot go on."
    actions = (Action(label="Fetch it again", command="luthier models pull {model}"),)
