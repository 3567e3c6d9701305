"""Checks of sources in the background: what is found in a file, on its way and at its end."""

from luthier.domain.background import WorkState
from luthier.domain.datasets import DatasetReport
from luthier.domain.errors import Action, NotFound, Problem
from luthier.domain.jobs import Progress
from luthier.kit.frozen import Frozen


class SourceCheck(Frozen):
    check_id: str
    file: str  # its name alone
    state: WorkState
    progress: Progress | None = None  # None until it is its turn, and when nobody works on it
    report: DatasetReport | None = None
    problem: Problem | None = None


class CheckNotFound(NotFound):
    code = "checks.not_found"
    sentence = "There is no check {check_id}."
    actions = (Action(label="Check the file again", command="luthier datasets check FILE"),)
