"""How the pages word states, amounts and moments."""

from datetime import timedelta

import pytest

from luthier.domain.findings import Level
from luthier.domain.run_states import RunState
from luthier.server.web.words import (
    LEVEL_TONES,
    STATE_WORDS,
    ago,
    byte_span,
    estimate,
    loss,
    plural,
    time_span,
    value_of,
)
from tests.builders import a_moment, an_estimate


def test_every_state_and_level_has_its_word() -> None:
    assert set(STATE_WORDS) == set(RunState)
    assert set(LEVEL_TONES) == set(Level)
    assert len({word.word for word in STATE_WORDS.values()}) == len(RunState)


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0, "just now"),
        (4.9, "just now"),
        (59, "59 s ago"),
        (60, "1 min ago"),
        (3599, "59 min ago"),
        (86400, "1 d ago"),
        (-30, "just now"),
    ],
)
def test_how_long_ago(seconds: float, words: str) -> None:
    assert ago(a_moment(), a_moment() + timedelta(seconds=seconds)) == words


@pytest.mark.parametrize(
    ("low", "high", "words"),
    [(64, 88, "64 to 88 s"), (64, 97, "1.1 to 1.6 min"), (5000, 9000, "1.4 to 2.5 h"), (30.1, 30.2, "about 30 s")],
)
def test_a_range_of_time_has_one_unit(low: float, high: float, words: str) -> None:
    assert time_span(low, high) == words


def test_a_range_of_bytes_has_one_unit_where_it_can() -> None:
    assert byte_span(1.5e9, 2.5e9) == "1.5 to 2.5 GB"
    assert byte_span(9e8, 1.2e9) == "900 MB to 1.2 GB"


def test_an_estimate_is_a_range_with_its_unit() -> None:
    assert estimate(an_estimate(120, 240, "seconds")) == "2.0 to 4.0 min"
    assert estimate(an_estimate(1.5e9, 2.5e9, "bytes")) == "1.5 to 2.5 GB"


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (None, "none"),
        (True, "yes"),
        (False, "no"),
        (1e-3, "0.001"),
        (2.0, "2"),
        (("q_proj", "v_proj"), "q_proj, v_proj"),
        ("bf16", "bf16"),
    ],
)
def test_a_value_is_shown_without_noise(value: object, words: str) -> None:
    assert value_of(value) == words


def test_a_small_loss_keeps_its_digits() -> None:
    assert (loss(0.01239), loss(2.31274), loss(None)) == ("0.0124", "2.313", "–")


def test_one_is_not_many() -> None:
    assert (plural(1, "run"), plural(0, "run"), plural(12345, "row")) == ("1 run", "0 runs", "12\u202f345 rows")
