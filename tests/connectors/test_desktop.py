"""Desktop notices: what the system's own program is given, and an honest word where there is none."""

import sys
from pathlib import Path

import pytest

from luthier.connectors.desktop import Desktop
from luthier.domain.notices import Urgency
from luthier.domain.notifications import DesktopChannel, DesktopNotThere
from tests.builders.notices import a_notice

HERE = DesktopChannel(channel_id="chan_1", name="here", sound=True)


def program(folder: Path, exit_code: int = 0) -> Path:
    """Writes down what it was called with."""
    path = folder / "program"
    path.write_text(
        f"#!{sys.executable}\nimport os, sys\n"
        f"told = [*sys.argv[1:], os.environ.get('NOTICE_TITLE', '')]\n"
        f"open({str(folder / 'called')!r}, 'w').write('\\n'.join(told))\n"
        f"sys.stderr.write('first line\\nno display here\\n')\nsys.exit({exit_code})\n"
    )
    path.chmod(0o755)
    return path


def called(folder: Path) -> list[str]:
    return (folder / "called").read_text().split("\n")


def test_linux_is_given_urgency_sound_and_texts_that_are_no_options(tmp_path: Path) -> None:
    desktop = Desktop("linux", lambda name: str(program(tmp_path)) if name == "notify-send" else None)
    desktop.send(a_notice(title="--help", sentence="a < b", urgency=Urgency.URGENT), HERE)
    assert called(tmp_path)[:6] == [
        "--app-name=Luthier",
        "--urgency=critical",
        "--hint=string:sound-name:message-new-instant",
        "--",
        "--help",
        "a &lt; b",
    ]


def test_texts_reach_a_mac_as_arguments_and_never_as_script(tmp_path: Path) -> None:
    desktop = Desktop("darwin", lambda name: str(program(tmp_path)) if name == "osascript" else None)
    evil = '" & (do shell script "true") & "'
    desktop.send(a_notice(title=evil), HERE)
    lines = called(tmp_path)
    script = [lines[place + 1] for place, line in enumerate(lines) if line == "-e"]
    assert not any("shell" in line for line in script)
    assert lines[lines.index("--") + 1] == evil


def test_texts_reach_windows_by_the_environment(tmp_path: Path) -> None:
    desktop = Desktop("win32", lambda name: str(program(tmp_path)) if name == "powershell" else None)
    desktop.send(a_notice(title="'; exit"), HERE)
    lines = called(tmp_path)
    assert lines[-1] == "'; exit"
    assert not any("'; exit" in line for line in lines[:-1])


def test_a_machine_without_the_program_says_so(tmp_path: Path) -> None:
    with pytest.raises(DesktopNotThere, match="notify-send is not installed"):
        Desktop("linux", lambda name: None).send(a_notice(), HERE)


def test_what_the_program_complains_of_is_the_reason(tmp_path: Path) -> None:
    with pytest.raises(DesktopNotThere, match="no display here"):
        Desktop("linux", lambda name: str(program(tmp_path, exit_code=1))).send(a_notice(), HERE)
