"""The state machine of a run: one table of legal moves, and the only function that applies it."""

from enum import StrEnum

from luthier.domain.errors import Action, NotAllowedNow


class RunState(StrEnum):
    CREATED = "created"
    QUEUED = "queued"
    PREPARING = "preparing"
    RUNNING = "running"
    PAUSING = "pausing"
    PAUSED = "paused"
    EVALUATING = "evaluating"
    COMPLETING = "completing"
    COMPLETED = "completed"
    FAILED = "failed"
    CANCELLED = "cancelled"


class RunMove(StrEnum):
    SUBMIT = "submit"
    CLAIM = "claim"  # a supervisor takes it and starts a worker
    TRAIN = "train"  # the worker takes its first step
    STOP = "stop"  # a person asks to park it with a checkpoint
    PARK = "park"  # the worker has parked
    RESUME = "resume"
    EVALUATE = "evaluate"
    WRAP_UP = "wrap_up"
    COMPLETE = "complete"
    LOSE = "lose"  # the worker is gone; another attempt will go on from the last checkpoint
    FAIL = "fail"
    CANCEL = "cancel"


S, M = RunState, RunMove

ACTIVE = frozenset({S.PREPARING, S.RUNNING, S.PAUSING, S.EVALUATING, S.COMPLETING})  # a worker owns it
FINAL = frozenset({S.COMPLETED, S.CANCELLED})

TRANSITIONS: dict[tuple[RunState, RunMove], RunState] = {
    (S.CREATED, M.SUBMIT): S.QUEUED,
    (S.QUEUED, M.CLAIM): S.PREPARING,
    (S.PREPARING, M.TRAIN): S.RUNNING,
    (S.PREPARING, M.EVALUATE): S.EVALUATING,  # resumed after the last step
    (S.RUNNING, M.EVALUATE): S.EVALUATING,
    (S.RUNNING, M.WRAP_UP): S.COMPLETING,
    (S.EVALUATING, M.WRAP_UP): S.COMPLETING,
    (S.COMPLETING, M.COMPLETE): S.COMPLETED,
    (S.QUEUED, M.STOP): S.PAUSED,
    (S.PREPARING, M.STOP): S.PAUSING,
    (S.RUNNING, M.STOP): S.PAUSING,
    (S.EVALUATING, M.STOP): S.PAUSING,
    (S.PAUSING, M.PARK): S.PAUSED,
    (S.PREPARING, M.PARK): S.PAUSED,  # parks by itself, e.g. when the disk is full
    (S.RUNNING, M.PARK): S.PAUSED,
    (S.EVALUATING, M.PARK): S.PAUSED,
    (S.PAUSING, M.LOSE): S.PAUSED,  # it was to stop, and it did
    (S.PAUSING, M.WRAP_UP): S.COMPLETING,  # the last step came before the wish to stop
    (S.PREPARING, M.LOSE): S.QUEUED,
    (S.RUNNING, M.LOSE): S.QUEUED,
    (S.EVALUATING, M.LOSE): S.QUEUED,
    (S.COMPLETING, M.LOSE): S.QUEUED,
    (S.PAUSED, M.RESUME): S.QUEUED,
    (S.FAILED, M.RESUME): S.QUEUED,
    **{(state, M.FAIL): S.FAILED for state in (S.QUEUED, *ACTIVE)},
    **{(state, M.CANCEL): S.CANCELLED for state in (S.CREATED, S.QUEUED, S.PAUSED, S.FAILED, *ACTIVE)},
}


class MoveNotAllowed(NotAllowedNow):
    code = "runs.move_not_allowed"
    sentence = "The run {run} is {state}, so it cannot {move}."
    actions = (Action(label="See its state and what can be done", command="luthier runs show {run}"),)


def after(state: RunState, move: RunMove, run: str) -> RunState:
    """The state that `move` leads to. Raises MoveNotAllowed when the table has no such move."""
    try:
        return TRANSITIONS[state, move]
    except KeyError:
        raise MoveNotAllowed(run=run, state=state.value, move=move.value.replace("_", " ")) from None


def allowed_moves(state: RunState) -> frozenset[RunMove]:
    return frozenset(move for (origin, move) in TRANSITIONS if origin == state)
