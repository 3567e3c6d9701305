"""The state machine accepts exactly its table, and every state leads somewhere."""

import itertools

import pytest

from luthier.domain.run_states import (
    ACTIVE,
    FINAL,
    TRANSITIONS,
    MoveNotAllowed,
    RunMove,
    RunState,
    after,
    allowed_moves,
)


@pytest.mark.parametrize(("state", "move"), itertools.product(RunState, RunMove))
def test_exactly_the_moves_of_the_table_are_accepted(state: RunState, move: RunMove) -> None:
    if (state, move) in TRANSITIONS:
        assert after(state, move, "orders") is TRANSITIONS[state, move]
    else:
        with pytest.raises(MoveNotAllowed) as refusal:
            after(state, move, "orders")
        assert "orders" in str(refusal.value)
        assert refusal.value.problem.actions


def test_nothing_leads_out_of_a_final_state() -> None:
    assert all(not allowed_moves(state) for state in FINAL)


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


def test_a_stopped_or_failed_run_can_be_resumed() -> None:
    assert after(RunState.PAUSED, RunMove.RESUME, "r") is RunState.QUEUED
    assert after(RunState.FAILED, RunMove.RESUME, "r") is RunState.QUEUED
