"""Versions on their way into a slot, or back into it: what is wanted, how far the trial is, and how it ended."""

from datetime import datetime

from luthier.domain.background import WorkState
from luthier.domain.errors import Action, NotAllowedNow, NotFound, Problem
from luthier.domain.jobs import Progress
from luthier.kit.frozen import Frozen


class RolloutRequest(Frozen):
    slot: str
    version_id: str
    version: str  # its label
    back: bool = False  # to what served there before


class Rollout(Frozen):
    """Until it is done, what serves in the slot goes on; however else it ends, nothing has changed."""

    rollout_id: str
    request: RolloutRequest
    state: WorkState
    begun_at: datetime
    progress: Progress | None = None  # None until it is its turn, and when nobody works on it
    problem: Problem | None = None

    @property
    def title(self) -> str:
        slot, version = self.request.slot, self.request.version
        return f"Rolling {slot} back to {version}" if self.request.back else f"Letting {version} serve in {slot}"


class RolloutNotFound(NotFound):
    code = "rollouts.not_found"
    sentence = "There is no rollout {rollout}; what has ended is remembered for a day."
    actions = (Action(label="See what serves", command="luthier deployments list"),)


class RolloutEnded(NotAllowedNow):
    code = "rollouts.ended"
    sentence = "{version} serves in {slot} already, so there is nothing to try again."
    actions = (Action(label="See what serves there", command="luthier deployments show {slot}"),)
