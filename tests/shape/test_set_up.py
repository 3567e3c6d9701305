import subprocess
import sys
from pathlib import Path

import pytest

from tests.shape.sources import ROOT

FINDER = str(ROOT / "scripts" / "find_python.sh")


def find(folder: Path, wanted: str = "", present: str = "") -> "subprocess.CompletedProcess[str]":
    environment = {"PATH": str(folder), "PYTHON": wanted}
    return subprocess.run(["/bin/sh", FINDER, present], env=environment, capture_output=True, text=True, check=False)


def a_python(folder: Path, name: str, version: str) -> Path:
    """Answers the finder's question as a Python of that version would."""
    fits = "0" if version in ("3.11", "3.12", "3.13") else "1"
    program = folder / name
    program.write_text(f"#!/bin/sh\nexit {fits}\n")
    program.chmod(0o755)
    return program


def test_without_a_fitting_python_the_set_up_says_which_one_it_needs(tmp_path: Path) -> None:
    a_python(tmp_path, "python3", "3.9")
    answer = find(tmp_path)
    assert answer.returncode == 1
    assert "needs Python 3.11, 3.12 or 3.13" in answer.stderr and "PYTHON=" in answer.stderr


def test_a_newer_python_beside_an_old_default_is_found(tmp_path: Path) -> None:
    a_python(tmp_path, "python3", "3.9")
    a_python(tmp_path, "python3.12", "3.12")
    assert find(tmp_path).stdout.strip() == "python3.12"


def test_the_environment_that_is_there_is_kept(tmp_path: Path) -> None:
    a_python(tmp_path, "python3", "3.13")
    assert find(tmp_path, present=sys.executable).stdout.strip() == sys.executable


def test_a_python_that_was_asked_for_and_does_not_fit_is_never_replaced_by_another(tmp_path: Path) -> None:
    a_python(tmp_path, "python3", "3.12")
    old = a_python(tmp_path, "old", "3.9")
    answer = find(tmp_path, wanted=str(old))
    assert answer.returncode == 1 and str(old) in answer.stderr and answer.stdout == ""


@pytest.mark.parametrize("target", ["setup", "demo", "serve", "test", "check", "docs", "bench"])
def test_every_target_sets_up_what_it_needs(target: str) -> None:
    rules = (ROOT / "Makefile").read_text(encoding="utf-8")
    first = "$(READY)" if target == "setup" else "setup"
    assert f"\n{target}: {first}\n" in rules
    assert f"make {target}" in rules
