import hashlib
import socket
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from luthier.kit.http import Digest, Http, HttpFailed
from tests.kit.clocks import PatientClock
from tests.kit.loopback import Exchange, loopback

CONTENT = bytes(range(256)) * 4000  # about a megabyte: several chunks
DIGEST = Digest(sha256=hashlib.sha256(CONTENT).hexdigest())


@pytest.fixture
def clock() -> PatientClock:
    return PatientClock()


@pytest.fixture
def http(clock: PatientClock) -> Iterator[Http]:
    client = Http(clock, read_seconds=5.0, attempts=4)
    yield client
    client.close()


def fetch(http: Http, url: str, target: Path, **changes: object) -> None:
    http.download(url, target, **{"expected_bytes": len(CONTENT), "digest": DIGEST, **changes})  # type: ignore[arg-type]


def in_turn(*answers: Callable[[Exchange], None]) -> Callable[[Exchange], None]:
    """Each request gets the next of `answers`, and all later ones the last."""
    left = list(answers)
    return lambda exchange: (left.pop(0) if len(left) > 1 else left[0])(exchange)


def whole(exchange: Exchange) -> None:
    exchange.serve_bytes(CONTENT)


def cut_off(exchange: Exchange) -> None:
    exchange.answer(200, CONTENT[:600_000], announce=len(CONTENT))


def test_a_download_arrives_whole_and_says_how_far_it_is(http: Http, tmp_path: Path) -> None:
    seen: list[int] = []
    with loopback(whole) as server:
        fetch(http, server.address, tmp_path / "deep" / "file", on_bytes=lambda done, total: seen.append(done))
    assert (tmp_path / "deep" / "file").read_bytes() == CONTENT
    assert seen == sorted(seen)
    assert seen[-1] == len(CONTENT)


def test_a_connection_that_breaks_off_is_continued_where_it_ended(http: Http, tmp_path: Path) -> None:
    with loopback(in_turn(cut_off, whole)) as server:
        fetch(http, server.address, tmp_path / "file")
    assert (tmp_path / "file").read_bytes() == CONTENT
    assert server.seen[1][1]["Range"] == "bytes=600000-"


def test_what_an_earlier_process_left_is_continued(http: Http, tmp_path: Path) -> None:
    (tmp_path / "file.part").write_bytes(CONTENT[:1000])
    with loopback(whole) as server:
        fetch(http, server.address, tmp_path / "file")
    assert server.seen[0][1]["Range"] == "bytes=1000-"
    assert (tmp_path / "file").read_bytes() == CONTENT
    assert [path.name for path in tmp_path.iterdir()] == ["file"]


def test_a_server_that_ignores_ranges_starts_the_file_anew(http: Http, tmp_path: Path) -> None:
    (tmp_path / "file.part").write_bytes(b"x" * 1000)
    with loopback(lambda exchange: exchange.answer(200, CONTENT)) as server:
        fetch(http, server.address, tmp_path / "file")
    assert (tmp_path / "file").read_bytes() == CONTENT


def test_a_leftover_of_another_file_is_thrown_away_and_fetched_anew(http: Http, tmp_path: Path) -> None:
    (tmp_path / "file.part").write_bytes(b"x" * 1000)
    with loopback(whole) as server:
        fetch(http, server.address, tmp_path / "file")
    assert (tmp_path / "file").read_bytes() == CONTENT
    assert "Range" not in server.seen[-1][1]


def test_a_wrong_content_is_never_published(http: Http, tmp_path: Path) -> None:
    with (
        loopback(lambda exchange: exchange.answer(200, CONTENT[::-1])) as server,
        pytest.raises(HttpFailed, match="hash"),
    ):
        fetch(http, server.address, tmp_path / "file")
    assert list(tmp_path.iterdir()) == []


def test_a_file_longer_than_expected_is_refused_before_it_fills_the_disk(http: Http, tmp_path: Path) -> None:
    with (
        loopback(lambda exchange: exchange.answer(200, CONTENT * 3)) as server,
        pytest.raises(HttpFailed, match="longer"),
    ):
        fetch(http, server.address, tmp_path / "file")
    assert list(tmp_path.iterdir()) == []


def test_git_names_are_verified_too(http: Http, tmp_path: Path) -> None:
    name = hashlib.sha1(b"blob %d\0" % len(CONTENT) + CONTENT).hexdigest()
    with loopback(whole) as server:
        fetch(http, server.address, tmp_path / "file", digest=Digest(git_blob=name))
        with pytest.raises(HttpFailed):
            fetch(http, server.address, tmp_path / "other", digest=Digest(git_blob=name[::-1]))


def test_an_overloaded_server_gets_the_time_that_it_asks_for(http: Http, clock: PatientClock) -> None:
    busy = in_turn(
        lambda exchange: exchange.answer(503, Retry_After="7"),
        lambda exchange: exchange.answer(429, Retry_After="100000"),
        lambda exchange: exchange.answer(200, b"[1]"),
    )
    with loopback(busy) as server:
        assert http.get_json(server.address) == [1]
    assert clock.slept[0] == 7
    assert clock.slept[1] <= 20


def test_a_server_that_stays_broken_is_given_up_with_its_answer(http: Http) -> None:
    with loopback(lambda exchange: exchange.answer(500)) as server, pytest.raises(HttpFailed) as failed:
        http.get_json(server.address)
    assert failed.value.status == 500
    assert len(server.seen) == 4


@pytest.mark.parametrize("status", [401, 403, 404, 410])
def test_a_clear_no_is_not_asked_again(http: Http, status: int) -> None:
    with loopback(lambda exchange: exchange.answer(status)) as server, pytest.raises(HttpFailed) as failed:
        http.get_json(server.address)
    assert failed.value.status == status
    assert len(server.seen) == 1


def test_a_host_where_nothing_listens_is_reported_at_once(http: Http, clock: PatientClock) -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        port = unused.getsockname()[1]
    with pytest.raises(HttpFailed, match="cannot be reached"):
        http.get_json(f"http://127.0.0.1:{port}/")
    assert clock.slept == []


def test_redirects_are_followed_but_not_for_ever(http: Http, tmp_path: Path) -> None:
    with loopback(in_turn(lambda exchange: exchange.answer(302, Location="/elsewhere"), whole)) as server:
        fetch(http, server.address, tmp_path / "file")
    assert server.seen[-1][0] == "/elsewhere"
    endless = lambda exchange: exchange.answer(302, Location="/again")  # noqa: E731
    with loopback(endless) as server, pytest.raises(HttpFailed, match="redirects"):
        http.get_json(server.address)


def test_an_answer_that_hangs_up_in_the_middle_is_tried_again(http: Http) -> None:
    with loopback(
        in_turn(lambda exchange: exchange.answer(200, b"[1", announce=3), lambda exchange: exchange.answer(200, b"[1]"))
    ) as server:
        assert http.get_json(server.address) == [1]


def test_an_endless_or_garbled_document_is_refused(http: Http) -> None:
    with loopback(lambda exchange: exchange.answer(200, b"[" * 5000)) as server:
        with pytest.raises(HttpFailed, match="longer"):
            http.get_json(server.address, most_bytes=1000)
        with pytest.raises(HttpFailed, match="not JSON"):
            http.get_json(server.address)


def test_compression_that_was_not_asked_for_is_refused(http: Http) -> None:
    with (
        loopback(lambda exchange: exchange.answer(200, b"[1]", Content_Encoding="gzip")) as server,
        pytest.raises(HttpFailed, match="compressed"),
    ):
        http.get_json(server.address)


def test_an_interruption_keeps_what_arrived_and_publishes_nothing(http: Http, tmp_path: Path) -> None:
    def interrupt(done: int, total: int) -> None:
        if done > 500_000:
            raise KeyboardInterrupt

    with loopback(whole) as server, pytest.raises(KeyboardInterrupt):
        fetch(http, server.address, tmp_path / "file", on_bytes=interrupt)
    assert [path.name for path in tmp_path.iterdir()] == ["file.part"]


def test_a_digest_needs_exactly_one_kind_of_name() -> None:
    for names in ({}, {"sha256": "a", "git_blob": "b"}):
        with pytest.raises(ValueError, match="exactly one"):
            Digest(**names)
