import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from luthier.kit.units import show_bytes, show_count, show_duration, show_percent


@pytest.mark.parametrize(
    ("count", "shown"),
    [
        (0, "0 B"),
        (999, "999 B"),
        (1000, "1.0 kB"),
        (1234, "1.2 kB"),
        (123_456, "123 kB"),
        (59_000_000, "59.0 MB"),
        (2.5e9, "2.5 GB"),
        (7e12, "7.0 TB"),
        (4e15, "4000.0 TB"),
    ],
)
def test_bytes_are_shown_in_the_units_of_disks(count: float, shown: str) -> None:
    assert show_bytes(count) == shown


@pytest.mark.parametrize(
    ("seconds", "shown"),
    [
        (0, "0.0 s"),
        (1.25, "1.2 s"),
        (45, "45 s"),
        (59.4, "59 s"),
        (59.6, "1 min 00 s"),
        (185, "3 min 05 s"),
        (3599.6, "1 h 00 min"),
        (7800, "2 h 10 min"),
        (360_000, "100 h 00 min"),
    ],
)
def test_a_duration_is_shown_with_no_more_digits_than_matter(seconds: float, shown: str) -> None:
    assert show_duration(seconds) == shown


@settings(deadline=None)
@given(st.floats(0, 1e7))
def test_a_duration_never_shows_sixty_of_anything(seconds: float) -> None:
    assert "60" not in show_duration(seconds).replace("60 h", "").split()[::2][1:]


def test_counts_are_grouped_and_shares_are_percent() -> None:
    assert show_count(1_234_567) == "1\u202f234\u202f567"
    assert show_count(999) == "999"
    assert show_percent(0.983) == "98.3 %"
