import re
import time

from luthier.kit.ids import new_id


def test_ids_are_distinct_and_hold_nothing_that_can_be_misread() -> None:
    ids = {new_id("run") for _ in range(5000)}
    assert len(ids) == 5000
    assert all(re.fullmatch(r"run_[0-9abcdefghjkmnpqrstvwxyz]{26}", each) for each in ids)


def test_ids_sort_by_the_time_they_were_made() -> None:
    ids = []
    for _ in range(20):
        ids.append(new_id("run"))
        time.sleep(0.002)
    assert ids == sorted(ids)
