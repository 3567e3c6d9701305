"""Previews: the preflight proof of what a draft says, made in a process of its own while somebody looks on."""

from luthier.domain.background import WorkState
from luthier.domain.datasets import Mapping
from luthier.domain.errors import Action, Problem, WorkFailed
from luthier.domain.jobs import Progress
from luthier.domain.preflight import PreflightReport
from luthier.domain.recipes import Method, TrainingSettings
from luthier.kit.frozen import Frozen


class PreviewJob(Frozen):
    """What the process needs to know, beside the examples in its folder."""

    base_folder: str
    dataset: str  # what it is called in sentences
    mapping: Mapping | None
    settings: TrainingSettings
    method: Method


class Preview(Frozen):
    preview_id: str
    state: WorkState
    progress: Progress | None = None  # None until it is its turn, and when nobody works on it
    report: PreflightReport | None = None
    problem: Problem | None = None


class PreviewBroke(WorkFailed):
    code = "previews.broke"
    sentence = "The process that looks at the rows ended before it was done ({how})."
    actions = (
        Action(label="Look at its last words in the details, and try again"),
        Action(label="Start the run without it: the worker looks at all rows before the first step"),
    )
