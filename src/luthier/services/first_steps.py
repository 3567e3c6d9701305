"""How far a newcomer has come, read from what is really there, and whether the welcome was sent away."""

from luthier.domain.first_steps import FirstSteps
from luthier.domain.run_states import RunState
from luthier.kit.files import write_json
from luthier.services.folders import Folders
from luthier.store import Store


class FirstStepsTaken:
    def __init__(self, store: Store, folders: Folders) -> None:
        self._store = store
        self._folders = folders

    def get(self) -> FirstSteps:
        if self._folders.welcome_dismissed.exists():
            return FirstSteps(dismissed=True)
        with self._store.reading() as tx:
            newest = next(iter(tx.runs.list(1)), None)
            completed = next(iter(tx.runs.list(1, {RunState.COMPLETED})), None)
            chats = tx.chats.list(limit=1)
        return FirstSteps(
            newest_run_id=newest.run_id if newest else None,
            newest_state=newest.state if newest else None,
            completed_run_id=completed.run_id if completed else None,
            has_chatted=bool(chats),
        )

    def dismiss(self) -> None:
        """For good; the guide tells the same way."""
        write_json(self._folders.welcome_dismissed, {"dismissed": True})
