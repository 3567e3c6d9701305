"""Waiting for pieces: they come as they are, whoever waits can leave at once, and what was asked is then withdrawn."""

from collections.abc import Callable, Generator
from threading import Event

import pytest

from luthier.kit.waiting import attended


class CalledAway(Exception): ...


def pieces_until(held: Event, closed: Event) -> Generator[str, None, None]:
    try:
        yield "first"
        assert held.wait(30)
        yield "second"
    finally:
        closed.set()


def after(calls: int, then: Callable[[], None]) -> Callable[[], None]:
    left = [calls]

    def attend() -> None:
        left[0] -= 1
        if left[0] == 0:
            then()

    return attend


def test_pieces_come_in_their_order_and_whoever_waits_looks_up_meanwhile() -> None:
    held, closed = Event(), Event()
    found = list(attended(pieces_until(held, closed), after(3, held.set), 0.01))
    assert found == ["first", "second"]
    assert closed.wait(30)


def test_leaving_does_not_wait_for_the_piece_and_withdraws_what_was_asked() -> None:
    def leave() -> None:
        raise CalledAway

    held, closed = Event(), Event()
    pieces = attended(pieces_until(held, closed), leave, 0.01)
    assert next(pieces) == "first"
    with pytest.raises(CalledAway):
        next(pieces)
    assert not closed.is_set()
    held.set()
    assert closed.wait(30)


def test_what_goes_wrong_with_a_piece_is_raised_where_it_was_waited_for() -> None:
    def broken() -> Generator[str, None, None]:
        yield "first"
        raise ValueError("no more")

    with pytest.raises(ValueError, match="no more"):
        list(attended(broken(), lambda: None))


def test_closing_early_closes_what_is_drawn_from() -> None:
    held, closed = Event(), Event()
    pieces = attended(pieces_until(held, closed), lambda: None)
    next(pieces)
    pieces.close()
    held.set()
    assert closed.wait(30)
