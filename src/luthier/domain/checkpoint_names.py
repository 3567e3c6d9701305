"""How a checkpoint is named where a model can be asked: `RUN@step-40`; and what is said when it cannot be."""

import re
from dataclasses import dataclass

from luthier.domain.errors import Action, NotAllowedNow, NotFound

_NAME = re.compile(r"(?P<run>.+)@step-(?P<step>\d{1,12})")


@dataclass(frozen=True, slots=True)
class CheckpointName:
    run: str
    step: int

    def __str__(self) -> str:
        return f"{self.run}@step-{self.step}"


class CheckpointNotThere(NotFound):
    code = "chat.checkpoint_not_there"
    sentence = "The run {run} has no checkpoint of step {step}. {there}"
    actions = (Action(label="See which ones there are", command="luthier runs show {run}"),)


class CheckpointUnusable(NotAllowedNow):
    code = "chat.checkpoint_unusable"
    sentence = "The checkpoint of step {step} of the run {run} is damaged: {reason}. {there}"
    actions = (Action(label="See which ones there are", command="luthier runs show {run}"),)


def checkpoint_named(reference: str) -> CheckpointName | None:
    """None when it does not read as the name of one."""
    found = _NAME.fullmatch(reference)
    return None if found is None else CheckpointName(found["run"], int(found["step"]))
