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
    PAUSE = "pause"  # a person asks to park it with a checkpoint, to go on later
    PARK = "park"  # the worker has parked
    RESUME = "resume"  # go on from the newest checkpoint
    STOP = "stop"  # a person asks to end it and keep its checkpoint
    END = "end"  # the worker of a run that was to stop has parked, or is gone
    REMEDY = "remedy"  # go on from a healthy checkpoint, with something changed that went wrong
    RETRY = "retry"  # begin again from the first step
    EVALUATE = "evaluate"
    WRAP_UP = "wrap_up"
    COMPLETE = "complete"
    LOSE = "lose"  # the worker is gone; another attempt will go on from the last checkpoint
    FAIL = "fail"
    CANCEL = "cancel"  # a person asks to end it and throw its checkpoints away


S, M = RunState, RunMove

ACTIVE = frozenset({S.PREPARING, S.RUNNING, S.PAUSING, S.EVALUATING, S.COMPLETING})  # a worker owns it
ENDED = frozenset({S.COMPLETED, S.FAILED, S.CANCELLED})
HAND_MOVES = (M.PAUSE, M.RESUME, M.STOP, M.RETRY, M.CANCEL)  # the moves that belong to people, gentlest first
_WORKING = (S.PREPARING, S.RUNNING, S.EVALUATING)

TRANSITIONS: dict[tuple[RunState, RunMove], RunState] = {
    (S.CREATED, M.SUBMIT): S.QUEUED,
    (S.QUEUED, M.CLAIM): S.PREPARING,
    (S.PREPARING, M.TRAIN): S.RUNNING,
    (S.PREPARING, M.EVALUATE): S.EVALUATING,  # resumed after the last step
    (S.RUNNING, M.EVALUATE): S.EVALUATING,
    (S.RUNNING, M.WRAP_UP): S.COMPLETING,
    (S.EVALUATING, M.WRAP_UP): S.COMPLETING,
    (S.PAUSING, M.WRAP_UP): S.COMPLETING,  # the last step came before the wish to pause
    (S.COMPLETING, M.COMPLETE): S.COMPLETED,
    **{(state, M.PAUSE): S.PAUSING for state in _WORKING},
    (S.QUEUED, M.PAUSE): S.PAUSED,
    **{(state, M.PARK): S.PAUSED for state in (S.PAUSING, *_WORKING)},  # by itself, e.g. when the disk is full
    **{(state, M.STOP): S.PAUSING for state in (S.PAUSING, *_WORKING)},  # with a checkpoint first
    **{(state, M.STOP): S.CANCELLED for state in (S.CREATED, S.QUEUED, S.PAUSED)},
    (S.PAUSING, M.END): S.CANCELLED,
    (S.PAUSING, M.LOSE): S.PAUSED,  # it was to pause, and it did
    **{(state, M.LOSE): S.QUEUED for state in (*_WORKING, S.COMPLETING)},
    **{(state, M.RESUME): S.QUEUED for state in (S.PAUSED, S.FAILED, S.CANCELLED)},
    **{(state, M.REMEDY): S.QUEUED for state in (S.PREPARING, S.RUNNING, S.EVALUATING, S.PAUSED, S.FAILED)},
    **{(state, M.RETRY): S.QUEUED for state in (S.FAILED, S.CANCELLED)},
    **{(state, M.FAIL): S.FAILED for state in (S.QUEUED, *ACTIVE)},
    **{(state, M.CANCEL): S.CANCELLED for state in (S.CREATED, S.QUEUED, S.PAUSED, S.FAILED, *ACTIVE)},
}

_PASSIVE = {M.PAUSE: "paused", M.RESUME: "resumed", M.STOP: "stopped", M.RETRY: "retried", M.CANCEL: "cancelled"}


class MoveNotAllowed(NotAllowedNow):
    code = "runs.move_not_allowed"
    sentence = "The run {run} is {state}, so it cannot be {move}; it can be {possible}."
    actions = (
        Action(label="See its state and what can be done", command="luthier runs show {run}"),
        Action(label="Start a new run from the same recipe", command="luthier runs clone {run}"),
    )


def after(state: RunState, move: RunMove, run: str) -> RunState:
    """The state that `move` leads to. Raises MoveNotAllowed when the table has no such move."""
    try:
        return TRANSITIONS[state, move]
    except KeyError:
        raise refusal_of(state, move, run) from None


def refusal_of(state: RunState, move: RunMove, run: str) -> MoveNotAllowed:
    possible = [_PASSIVE[each] for each in HAND_MOVES if (state, each) in TRANSITIONS and each is not move]
    asked = _PASSIVE.get(move, move.value.replace("_", " "))
    return MoveNotAllowed(run=run, state=state.value, move=asked, possible=" or ".join([*possible, "cloned"]))


def allowed_moves(state: RunState) -> frozenset[RunMove]:
    return frozenset(move for (origin, move) in TRANSITIONS if origin == state)
