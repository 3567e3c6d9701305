"""The counting of examples for a plan: what its process is told, what that finds, and how far it is."""

from luthier.domain.background import WorkState
from luthier.domain.errors import Action, Problem, WorkFailed
from luthier.domain.findings import Finding
from luthier.domain.jobs import Progress
from luthier.domain.plans import DataFacts, Plan
from luthier.domain.recipes import Recipe
from luthier.kit.frozen import Frozen


class CountingJob(Frozen):
    """Files of canonical examples, and the folder of the base's tokenizer."""

    recipe: Recipe
    base_folder: str
    examples: str
    held_out: str | None


class Counted(Frozen):
    facts: DataFacts
    findings: tuple[Finding, ...]


class Counting(Frozen):
    """Of what a draft says."""

    state: WorkState
    progress: Progress | None = None  # None until it is its turn, and when nobody works on it
    counted: Counted | None = None
    problem: Problem | None = None


class LivePlan(Frozen):
    """A plan, or how far the measuring is that it waits for."""

    plan: Plan | None
    counting: Counting


class CountingBroke(WorkFailed):
    code = "plans.counting_broke"
    sentence = "The process that measures the examples ended before it was done ({how})."
    actions = (
        Action(label="Measure again; the last words of the process are in the details"),
        Action(label="Choose another base model, if it is its tokenizer that does this", address="/models"),
    )
