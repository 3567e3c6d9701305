"""The state machine accepts exactly its table, and every state leads somewhere."""

import itertools

import pytest

from luthier.domain.run_states import (
    ACTIVE,
    HAND_MOVES,
    TRANSITIONS,
    MoveNotAllowed,
    RunMove,
    RunState,
    after,
    allowed_moves,
    refusal_of,
)

PASSIVE = {
    RunMove.PAUSE: "paused",
    RunMove.RESUME: "resumed",
    RunMove.STOP: "stopped",
    RunMove.RETRY: "retried",
    RunMove.CANCEL: "cancelled",
}


@pytest.mark.parametrize(("state", "move"), itertools.product(RunState, RunMove))
def test_exactly_the_moves_of_the_table_are_accepted(state: RunState, move: RunMove) -> None:
    if (state, move) in TRANSITIONS:
        assert after(state, move, "orders") is TRANSITIONS[state, move]
    else:
        with pytest.raises(MoveNotAllowed) as refusal:
            after(state, move, "orders")
        assert "orders" in str(refusal.value)
        assert refusal.value.problem.actions


def test_nothing_leads_out_of_a_completed_run() -> None:
    assert not allowed_moves(RunState.COMPLETED)


@pytest.mark.parametrize("state", RunState)
def test_a_refusal_names_what_can_be_asked_instead(state: RunState) -> None:
    for move in set(HAND_MOVES) - allowed_moves(state):
        sentence = str(refusal_of(state, move, "orders"))
        assert f"is {state}, so it cannot be {PASSIVE[move]}" in sentence
        assert all(PASSIVE[other] in sentence for other in set(HAND_MOVES) & allowed_moves(state))
        assert "cloned" in sentence


def test_every_state_can_be_reached_from_created() -> None:
    reached = {RunState.CREATED}
    while True:
        further = {target for (origin, _), target in TRANSITIONS.items() if origin in reached} - reached
        if not further:
            break
        reached |= further
    assert reached == set(RunState)


@pytest.mark.parametrize("state", sorted(ACTIVE))
def test_a_run_with_a_worker_can_always_lose_it_fail_and_be_cancelled(state: RunState) -> None:
    assert {RunMove.LOSE, RunMove.FAIL, RunMove.CANCEL} <= allowed_moves(state)


@pytest.mark.parametrize("state", sorted(ACTIVE - {RunState.COMPLETING, RunState.PAUSING}))
def test_pausing_and_stopping_a_run_at_work_saves_a_checkpoint_first(state: RunState) -> None:
    assert TRANSITIONS[state, RunMove.PAUSE] is TRANSITIONS[state, RunMove.STOP] is RunState.PAUSING


def test_what_rests_can_go_on() -> None:
    for state in (RunState.PAUSED, RunState.FAILED, RunState.CANCELLED):
        assert after(state, RunMove.RESUME, "r") is RunState.QUEUED
