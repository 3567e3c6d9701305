"""The picture of a loss that needs no script."""

import re

from hypothesis import given
from hypothesis import strategies as st

from luthier.server.web.curves import HEIGHT, WIDTH, loss_path


def corners(path: str) -> list[tuple[float, float]]:
    return [(float(x), float(y)) for x, y in re.findall(r"[ML]([\d.]+) ([\d.]+)", path)]


def test_fewer_than_two_points_are_no_line() -> None:
    assert loss_path([]) == loss_path([1.0]) == ""


def test_a_falling_loss_falls_on_the_picture() -> None:
    heights = [y for _, y in corners(loss_path([3.0, 2.0, 1.0]))]
    assert heights == sorted(heights)


@given(st.lists(st.floats(0, 1e6), min_size=2, max_size=120))
def test_the_line_stays_in_its_box_and_spans_it(values: list[float]) -> None:
    drawn = corners(loss_path(values))
    assert drawn[0][0] == 0
    assert drawn[-1][0] == WIDTH
    assert all(0 <= y <= HEIGHT for _, y in drawn)
    assert len(drawn) <= 121
