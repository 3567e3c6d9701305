"""The first way through the workshop: a run, its end, a chat with what came out. What is done follows what is there."""

from luthier.domain.run_states import RunState
from luthier.kit.frozen import Frozen


class FirstSteps(Frozen):
    """What a newcomer has done so far; None where there is nothing yet."""

    newest_run_id: str | None = None
    newest_state: RunState | None = None
    completed_run_id: str | None = None
    has_chatted: bool = False
    dismissed: bool = False

    @property
    def is_over(self) -> bool:
        return self.dismissed or (self.completed_run_id is not None and self.has_chatted)
