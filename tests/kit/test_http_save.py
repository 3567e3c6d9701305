"""What is fetched without being known before: within a size, from places that may be asked, whole or not at all."""

from pathlib import Path

import pytest

from luthier.kit.http import Http, HttpFailed
from tests.kit.clocks import PatientClock
from tests.kit.loopback import loopback

CONTENT = bytes(range(256)) * 4000


def test_a_file_arrives_whole_and_says_how_far_it_is(tmp_path: Path) -> None:
    seen: list[int] = []
    with loopback(lambda exchange: exchange.answer(200, CONTENT)) as server:
        Http(PatientClock()).save(
            server.address, tmp_path / "deep" / "file", most_bytes=10**7, on_bytes=lambda done, _: seen.append(done)
        )
    assert (tmp_path / "deep" / "file").read_bytes() == CONTENT
    assert seen == sorted(seen) and seen[-1] == len(CONTENT)


def test_more_than_was_allowed_is_given_up_and_what_was_there_stays(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"before")
    with (
        loopback(lambda exchange: exchange.answer(200, CONTENT)) as server,
        pytest.raises(HttpFailed, match="longer than 5000"),
    ):
        Http(PatientClock()).save(server.address, tmp_path / "file", most_bytes=5000)
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == {"file": b"before"}


def test_a_connection_that_keeps_breaking_leaves_nothing_half(tmp_path: Path) -> None:
    with loopback(lambda exchange: exchange.answer(200, CONTENT[:1000], announce=len(CONTENT))) as server:
        with pytest.raises(HttpFailed):
            Http(PatientClock(), attempts=2).save(server.address, tmp_path / "file", most_bytes=10**7)
        assert len(server.seen) == 2
    assert list(tmp_path.iterdir()) == []


def test_a_place_that_may_not_be_asked_is_not_asked_even_by_a_redirect(tmp_path: Path) -> None:
    asked: list[str] = []

    def may_ask(address: str) -> bool:
        asked.append(address)
        return "forbidden" not in address

    with loopback(lambda exchange: exchange.answer(302, Location="/forbidden")) as server:
        with pytest.raises(HttpFailed, match="not on the list"):
            Http(PatientClock(), may_ask=may_ask).save(server.address, tmp_path / "file", most_bytes=10)
        assert [path for path, _ in server.seen] == ["/"]
    assert [address.removeprefix(server.address).strip("/") for address in asked] == ["", "forbidden"]
