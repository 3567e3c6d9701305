"""The one way to change a run's state: the table is asked, the change is stored, and the history says who and why."""

from datetime import datetime
from typing import Any

from luthier.domain.run_states import RunMove, after
from luthier.domain.runs import Run
from luthier.store import Transaction


def move_run(tx: Transaction, run: Run, move: RunMove, *, author: str, cause: str, at: datetime, **changes: Any) -> Run:
    """Raises MoveNotAllowed when the table has no such move. `changes` are stored together with the new state."""
    moved = run.model_copy(update={"state": after(run.state, move, run.name), "updated_at": at, **changes})
    tx.runs.update(moved)
    body = {"state": moved.state.value, "move": move.value, "cause": cause}
    tx.events.append("run.state", run.run_id, author, body, at)
    return moved
