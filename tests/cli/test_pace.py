"""The rate and the time left are those of the last seconds, and are said only once they mean something."""

from luthier.cli.render.pace import Pace
from luthier.domain.jobs import Progress


def read(megabytes: int, what: str = "reading rows", total: int = 100) -> Progress:
    return Progress(what=what, done=megabytes * 10**6, total=total * 10**6, unit="bytes", rows=megabytes)


def test_a_steady_pace_gives_its_rate_and_a_range_of_the_time_left() -> None:
    pace = Pace()
    assert pace.notes(read(0), now=0) == ()
    assert pace.notes(read(5), now=1) == ()
    assert pace.notes(read(10), now=2) == ("14 to 22 s left", "5.0 MB/s")


def test_what_was_long_ago_no_longer_counts() -> None:
    pace = Pace()
    for second in range(60):
        notes = pace.notes(read(second if second < 30 else 30 + (second - 30) // 2, total=0), now=second)
    assert notes[0] in ("467 kB/s", "500 kB/s", "533 kB/s")


def test_another_file_or_a_new_beginning_has_a_pace_of_its_own() -> None:
    pace = Pace()
    pace.notes(read(0, "fetching a"), now=0)
    assert pace.notes(read(50, "fetching a"), now=10)
    assert pace.notes(read(51, "fetching b"), now=11) == ()
    pace.notes(read(60, "fetching b"), now=14)
    assert pace.notes(read(1, "fetching b"), now=15) == ()


def test_counts_and_unknown_sums_have_no_time_left() -> None:
    pace = Pace()
    for second in range(5):
        assert pace.notes(Progress(what="tokenising", done=second, total=10), now=second) == ()
    pace.notes(read(0, total=0), now=10)
    assert pace.notes(read(4, total=0), now=14) == ("1.0 MB/s",)
