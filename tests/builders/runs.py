"""Runs, and what belongs to them."""

from typing import Any

from luthier.domain.run_states import RunState
from luthier.domain.runs import Attempt, Checkpoint, Run
from luthier.kit.ids import new_id
from tests.builders.moments import a_moment
from tests.builders.plans import a_plan
from tests.builders.recipes import a_recipe


def a_run(**changes: Any) -> Run:
    """A queued one, with an id of its own."""
    values: dict[str, Any] = {
        "run_id": new_id("run"),
        "name": "orders",
        "state": RunState.QUEUED,
        "recipe": a_recipe(),
        "plan": a_plan(),
        "base_folder": "/models/starter",
        "base_revision": "0f" * 20,
        "dataset_id": "ds_00c0ffee",
        "created_at": a_moment(),
        "updated_at": a_moment(1),
        "total_steps": 60,
    }
    return Run(**(values | changes))


def an_attempt(**changes: Any) -> Attempt:
    return Attempt(**{"number": 1, "token": 1, "pid": 4321, "started_at": a_moment(2), **changes})


def a_checkpoint(run_id: str, step: int, **changes: Any) -> Checkpoint:
    values: dict[str, Any] = {
        "run_id": run_id,
        "step": step,
        "folder": f"/runs/{run_id}/checkpoints/step-{step:06d}",
        "bytes": 59_000_000,
        "saved_at": a_moment(step / 10),
    }
    return Checkpoint(**(values | changes))
