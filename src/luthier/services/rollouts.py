"""Deploying and rolling back in the background: begun, watched, called off, and tried again after a crash."""

from collections.abc import Sequence
from pathlib import Path

from luthier.domain.background import WorkState
from luthier.domain.rollouts import Rollout, RolloutEnded, RolloutNotFound, RolloutRequest
from luthier.kit.clock import Clock
from luthier.services.background import Background, OnProgress, Task
from luthier.services.deployments import Deployments
from luthier.services.folders import Folders
from luthier.services.work_folders import Kept


class Rollouts:
    def __init__(self, deployments: Deployments, folders: Folders, clock: Clock) -> None:
        self._deployments = deployments
        self._background = Background(folders.rollouts, "rollout", clock, at_once=1)  # two would share the memory

    def deploy(self, reference: str, slot: str) -> Rollout:
        """As `deployments.deploy`; what can be refused without loading it is refused now."""
        version = self._deployments.to_deploy(reference, slot)
        return self._begin(RolloutRequest(slot=slot, version_id=version.version_id, version=version.label))

    def roll_back(self, slot: str, to: str | None = None) -> Rollout:
        """As `deployments.roll_back`; what can be refused without loading it is refused now."""
        version = self._deployments.to_roll_back(slot, to)
        return self._begin(RolloutRequest(slot=slot, version_id=version.version_id, version=version.label, back=True))

    def get(self, rollout_id: str) -> Rollout:
        """For a day after its end. Raises RolloutNotFound."""
        try:
            return _rollout_of(self._background.get(rollout_id))
        except KeyError:
            raise RolloutNotFound(rollout=rollout_id) from None

    def list(self) -> "list[Rollout]":
        """Newest first."""
        return [_rollout_of(kept) for kept in self._background.list()]

    def open(self) -> Sequence[Rollout]:
        """The newest of each slot, but for those that ended well or were called off."""
        newest = {each.request.slot: each for each in reversed(self.list())}
        return [each for each in newest.values() if each.state not in (WorkState.DONE, WorkState.CANCELLED)]

    def cancel(self, rollout_id: str) -> Rollout:
        """What serves goes on. What has ended stays as it ended."""
        self.get(rollout_id)
        self._background.cancel(rollout_id)
        return self.get(rollout_id)

    def begin_again(self, rollout_id: str) -> Rollout:
        """From its beginning. What somebody works on is left alone. Raises RolloutEnded."""
        rollout = self.get(rollout_id)
        if rollout.state is WorkState.DONE:
            raise RolloutEnded(version=rollout.request.version, slot=rollout.request.slot)
        if not rollout.state.is_open:
            self._background.begin_again(rollout_id, self._task_of(rollout.request))
        return self.get(rollout_id)

    def forget(self, rollout_id: str) -> None:
        """What failed or was left off is told no more. Raises RolloutNotFound."""
        self.cancel(rollout_id)
        self._background.forget(rollout_id)

    def close(self) -> None:
        """What is not done is unfinished from now on."""
        self._background.close()

    def _begin(self, request: RolloutRequest) -> Rollout:
        known = next((each for each in self.list() if each.request == request and each.state.is_open), None)
        return known or self.get(self._background.begin(request.model_dump(mode="json"), self._task_of(request)))

    def _task_of(self, request: RolloutRequest) -> Task:
        def task(_folder: Path, tell: OnProgress) -> dict[str, str]:
            done = next((each for each in self._deployments.list() if each.slot == request.slot), None)
            if done is None or done.serving.version_id != request.version_id:  # a crash may have come after the change
                if request.back:
                    self._deployments.roll_back(request.slot, request.version_id, on_progress=tell)
                else:
                    self._deployments.deploy(request.version_id, request.slot, on_progress=tell)
            return {"version": request.version}

        return task


def _rollout_of(kept: Kept) -> Rollout:
    return Rollout(
        rollout_id=kept.work_id,
        request=RolloutRequest.model_validate(kept.asked),
        state=kept.outcome.state,
        begun_at=kept.begun_at,
        progress=kept.progress,
        problem=kept.outcome.problem,
    )
