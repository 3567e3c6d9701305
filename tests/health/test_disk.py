import errno
import re
from pathlib import Path

import pytest

from luthier.health.disk import disk_full
from luthier.kit.files import writing_atomically


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EDQUOT, errno.EFBIG])
def test_a_full_disk_is_said_with_its_place_and_what_is_free(number: int, tmp_path: Path) -> None:
    refusal = disk_full(OSError(number, "no"), tmp_path / "not" / "made" / "yet")
    assert refusal is not None
    assert str(tmp_path) in refusal.problem.sentence
    assert re.search(r"[1-9][\d.]* [kMGT]?B are free", refusal.problem.sentence)


def test_other_refusals_are_not_taken_for_a_full_disk(tmp_path: Path) -> None:
    for error in (OSError(errno.EACCES, "no"), ValueError("no")):
        assert disk_full(error, tmp_path) is None


def test_a_write_that_finds_no_space_names_its_file(tmp_path: Path) -> None:
    with pytest.raises(OSError) as caught, writing_atomically(tmp_path / "examples.jsonl"):
        raise OSError(errno.ENOSPC, "No space left on device")
    refusal = disk_full(caught.value)
    assert refusal is not None
    assert "examples.jsonl" in refusal.problem.sentence
    assert list(tmp_path.iterdir()) == []
