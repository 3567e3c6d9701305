"""The one way to change a run's state: the table is asked, the change is stored, and the history says who and why."""

from datetime import datetime
from typing import Any

from luthier.domain.run_states import ACTIVE, RunMove, RunState, after
from luthier.domain.runs import Run
from luthier.store import Transaction

# What a run that goes on has put behind it.
AFRESH: dict[str, object] = {
    "problem": None,
    "anomaly": None,
    "losses_of_worker": 0,
    "keeps_checkpoint": False,
    "finished_at": None,
    "phase": "",
}


def move_run(tx: Transaction, run: Run, move: RunMove, *, author: str, cause: str, at: datetime, **changes: Any) -> Run:
    """Raises MoveNotAllowed when the table has no such move. `changes` are stored together with the new state."""
    state = after(run.state, move, run.name)
    body = {"state": state.value, "move": move.value, "cause": cause, "step": run.step}
    seq = tx.events.append("run.state", run.run_id, author, body, at)
    if state is RunState.QUEUED and run.state not in ACTIVE:  # one that was at work goes on where it was
        changes = {"ticket": seq, "overtaken": 0, **changes}
    moved = run.model_copy(update={"state": state, "updated_at": at, **changes})
    tx.runs.update(moved)
    return moved
