"""Newer versions: asked for when somebody wants to know, never by itself unless told to, and never half understood."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from luthier import __version__
from luthier.domain.updates import UpdatesUnknown
from luthier.services.folders import Folders
from luthier.services.updates import EVERY, Updates
from luthier.settings import Settings
from tests.kit.clocks import PatientClock
from tests.kit.loopback import Exchange, Loopback, loopback

FILE: dict[str, Any] = {"yanked": False, "requires_python": ">=3.11", "upload_time_iso_8601": "2026-01-02T03:04:05Z"}


def releases(**by_version: list[dict[str, Any]]) -> Callable[[Exchange], None]:
    named = {name.removeprefix("v").replace("_", "."): files for name, files in by_version.items()}
    return lambda exchange: exchange.answer(200, json.dumps({"releases": named}).encode())


def updates_at(address: str, folders: Folders, clock: PatientClock | None = None, **settings: Any) -> Updates:
    given = Settings(home=folders.root, package_index=address, **settings)
    return Updates(given, lambda: given, folders, clock or PatientClock())


def test_a_newer_version_is_found_kept_and_told_to_whoever_looks_next(folders: Folders) -> None:
    with loopback(releases(v0_1_0=[FILE], v9_10_0=[FILE], v9_9_0=[FILE])) as index:
        found = updates_at(index.address, folders).look()
    assert (found.running, found.newer and found.newer.version) == (__version__, "9.10.0")
    assert index.seen[0][0] == "/pypi/luthier/json"
    assert updates_at("http://127.0.0.1:9", folders).known() == found
    assert "9.10.0 is out" in found.sentence


@pytest.mark.parametrize(
    "files",
    [
        {"v9_0_0": [FILE | {"yanked": True}]},
        {"v9_0_0": [FILE | {"requires_python": ">=4"}]},
        {"v9_0_0": []},
        {"v9_0_0rc1": [FILE]},
        {"vnot_a_version": [FILE]},
        {"v0_0_1": [FILE]},
        {},
    ],
)
def test_what_is_withdrawn_unfit_empty_or_a_preview_is_not_offered(folders: Folders, files: dict[str, Any]) -> None:
    with loopback(releases(**files)) as index:
        found = updates_at(index.address, folders).look()
    assert found.newer is None
    assert found.sentence.endswith("the newest.")


@pytest.mark.parametrize("body", [b"[]", b'{"releases": [1]}', b'{"releases": {"9.0.0": 1}}', b"{}", b"no"])
def test_an_answer_that_is_no_list_of_releases_is_a_sentence(folders: Folders, body: bytes) -> None:
    with loopback(lambda exchange: exchange.answer(200, body)) as index, pytest.raises(UpdatesUnknown):
        updates_at(index.address, folders).look()
    assert "not known" in updates_at(index.address, folders).known().sentence


def test_an_index_that_cannot_be_reached_leaves_what_was_known(folders: Folders) -> None:
    with loopback(releases(v9_0_0=[FILE])) as index:
        updates_at(index.address, folders).look()
    with pytest.raises(UpdatesUnknown, match="cannot be reached"):
        updates_at("http://127.0.0.1:9", folders).look()
    known = updates_at("http://127.0.0.1:9", folders).known()
    assert (known.newer and known.newer.version, "cannot be reached" in known.problem) == ("9.0.0", True)


def test_offline_nothing_is_asked_and_the_reason_is_said(folders: Folders) -> None:
    with loopback(releases(v9_0_0=[FILE])) as index:
        updates = updates_at(index.address, folders, offline=True, look_for_updates=True)
        updates.look_if_wanted()
        with pytest.raises(UpdatesUnknown, match="stay offline"):
            updates.look()
    assert index.seen == []


def test_nothing_is_asked_by_itself_until_that_is_switched_on(folders: Folders) -> None:
    with loopback(releases(v9_0_0=[FILE])) as index:
        updates_at(index.address, folders).look_if_wanted()
        assert index.seen == []
        updates_at(index.address, folders, look_for_updates=True).look_if_wanted()
    assert len(index.seen) == 1


@pytest.mark.parametrize("status", [200, 404])
def test_it_is_asked_once_a_day_however_it_went(folders: Folders, status: int) -> None:
    def script(exchange: Exchange) -> None:
        exchange.answer(status, b'{"releases": {}}')

    def look_often(index: Loopback) -> int:
        for _ in range(3):
            updates.look_if_wanted()
        return len(index.seen)

    clock = PatientClock()
    with loopback(script) as index:
        updates = updates_at(index.address, folders, clock, look_for_updates=True)
        assert look_often(index) == 1
        clock.sleep(EVERY.total_seconds())
        assert look_often(index) == 2


def test_what_an_older_version_was_told_is_forgotten_once_another_one_runs(folders: Folders) -> None:
    told = {"running": "0.0.1", "newer": {"version": __version__}, "asked_at": "2026-01-01T00:00:00Z"}
    folders.updates.write_text(json.dumps(told))
    assert updates_at("http://127.0.0.1:9", folders).known().newer is None


@pytest.mark.parametrize("kept", ["", "[]", '{"running": 7}'])
def test_a_kept_answer_that_cannot_be_read_is_as_good_as_none(folders: Folders, kept: str) -> None:
    folders.updates.write_text(kept)
    assert updates_at("http://127.0.0.1:9", folders).known().asked_at is None
