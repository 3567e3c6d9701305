"""Imports: a file on its way to becoming a dataset, however long it takes and whatever ends on the way."""

from datetime import datetime

from luthier.domain.background import WorkState
from luthier.domain.dataset_sources import SourceOptions
from luthier.domain.errors import Action, NotAllowedNow, NotFound, Problem
from luthier.domain.jobs import Progress
from luthier.domain.scenarios import ScenarioOptions
from luthier.kit.frozen import Frozen


class ImportRequest(Frozen):
    """What is asked for; kept, so that another process can go on with it."""

    path: str
    upload_id: str | None = None
    name: str | None = None
    shape: str | None = None
    columns: dict[str, str] = {}
    options: SourceOptions = SourceOptions()
    skip_bad_rows: bool = False
    scenarios: ScenarioOptions | None = None  # the path holds scenarios, to be turned into examples like this


class Import(Frozen):
    import_id: str
    request: ImportRequest
    file: str  # its name alone
    state: WorkState
    started_at: datetime
    rows: int = 0  # of the file, done so far
    progress: Progress | None = None  # of what it does now; None until it is its turn, and when nobody works on it
    dataset_id: str | None = None
    problem: Problem | None = None


class ImportNotFound(NotFound):
    code = "imports.not_found"
    sentence = "There is no import {import_id}."
    actions = (Action(label="See the datasets", command="luthier datasets list"),)


class ImportSourceNotKept(NotAllowedNow):
    code = "imports.source_not_kept"
    sentence = "The import of {file} cannot go on: its address may hold a password, so it was not written down."
    actions = (Action(label="Import it again", command="luthier datasets import ADDRESS"),)


class ImportEnded(NotAllowedNow):
    code = "imports.ended"
    sentence = "The import of {file} is {state}, so it cannot go on."
    actions = (Action(label="Import the file again", command="luthier datasets import {file}"),)
