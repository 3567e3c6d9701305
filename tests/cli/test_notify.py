"""`luthier notify` from its rim on: channels come and go, secrets are shown once or never."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cli.running import InThisProcess, in_this_process


@pytest.fixture
def luthier(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Iterator[InThisProcess]:
    with in_this_process(tmp_path, capsys) as run:
        yield run


def test_without_channels_it_says_how_to_add_one(luthier: InThisProcess) -> None:
    assert "luthier notify add desk desktop" in luthier("notify", "list").out


def test_a_webhook_is_added_listed_and_removed(luthier: InThisProcess) -> None:
    added = luthier("notify", "add", "team", "https://hooks.example.org/T0/path-secret", "--least", "normal", "--json")
    document = json.loads(added.out)
    assert len(document["secret"]) > 30 and "path-secret" not in added.out
    listed = luthier("notify", "list", "--json")
    assert document["secret"] not in listed.out
    (channel,) = listed.document["channels"]
    assert (channel["target"], channel["least"]) == ("https://hooks.example.org", "normal")
    assert luthier("notify", "remove", "team").code == 0
    assert luthier("notify", "list", "--json").document["channels"] == []


def test_a_mail_password_comes_from_a_file_and_is_shown_nowhere(luthier: InThisProcess) -> None:
    password = luthier.folder / "password"
    password.write_text("spruce-and-maple\n")
    options = ("--set", "host=smtp.example.org", "--set", "username=me", "--password-file", str(password))
    added = luthier("notify", "add", "me", "me@example.org", *options, "--json")
    assert added.code == 0, added.err
    shown = added.out + added.err + luthier("notify", "list", "--json").out
    assert "spruce" not in shown
    kept = luthier.folder / "workspace" / "secrets" / "notifications.json"
    assert list(json.loads(kept.read_text()).values()) == ["spruce-and-maple"]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("add", "team", "https://example.org", "--set", "nonsense"), "write it as key=value"),
        (("add", "team", "https://example.org", "--set", "pigeon=1"), "not valid at pigeon"),
        (("add", "me", "me@example.org"), "not valid at host"),
        (("add", "me", "nowhere", "--set", "host=smtp.example.org"), "is no e-mail address"),
        (("add", "team", "https://example.org", "--least", "huge"), "not valid at least"),
        (("quiet", "22:00"), "Quiet hours are two different times"),
        (("test", "nobody"), "No channel for notices is called nobody"),
    ],
)
def test_what_cannot_be_done_says_where_and_what_to_do(
    luthier: InThisProcess, arguments: tuple[str, ...], words: str
) -> None:
    answer = luthier("notify", *arguments)
    assert answer.code != 0
    assert words in answer.err and "Try:" in answer.err


def test_quiet_hours_are_said_back(luthier: InThisProcess) -> None:
    assert luthier("notify", "quiet", "22:00", "07:00").out == "Quiet from 22:00 to 07:00.\n"
    assert luthier("notify", "quiet").out == "There are no quiet hours.\n"
