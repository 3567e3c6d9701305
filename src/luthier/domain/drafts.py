"""Drafts: a run that somebody is still putting together, step by step, as it was typed and however wrong it may be."""

from datetime import datetime
from typing import Any, Literal, get_args

from luthier.domain.errors import Action, NotFound, WrongUsage
from luthier.kit.frozen import Frozen

Step = Literal["use-case", "data", "model", "settings", "review"]
STEPS: tuple[Step, ...] = get_args(Step)


class Draft(Frozen):
    """`values` are parts of a recipe by dotted name, e.g. `settings.epochs`; what is not there the planner decides."""

    draft_id: str
    values: dict[str, Any] = {}
    step: Step = "use-case"  # where its author was last
    origin: str = ""  # what it began from, in words, e.g. "the run pegs"
    begun_at: datetime
    changed_at: datetime
    run_id: str | None = None  # set once it was started; it is then no longer listed

    sweep_id: str | None = None  # set beside `run_id`, its first run, when it was started with several values

    @property
    def is_untouched(self) -> bool:
        return self.changed_at == self.begun_at


class DraftNotFound(NotFound):
    code = "drafts.not_found"
    sentence = "There is no draft {draft} in this workspace; it was deleted, or its run was started long ago."
    actions = (
        Action(label="Choose among the drafts that are left on the page Train"),
        Action(label="See the runs that were started", command="luthier runs list"),
    )


class DraftIncomplete(WrongUsage):
    code = "drafts.incomplete"
    sentence = "The draft does not say which examples to train on."
    actions = (Action(label="Choose a dataset, a sample or a file in the step Data"),)
