"""A program that nobody vouches for reaches no file, no network and no end of time or memory."""

import sys
from pathlib import Path

import pytest

from luthier.kit.sandbox import NotIsolated, run_apart

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="elsewhere nothing is run at all")


@pytest.fixture(scope="module", autouse=True)
def _isolation() -> None:
    try:
        run_apart("")
    except NotIsolated:
        pytest.skip("this kernel has no Landlock, so nothing is run at all")


def test_a_program_runs_in_a_folder_of_its_own() -> None:
    ran = run_apart("open('own', 'w').write('kept'); import json, math; print(open('own').read())")
    assert (ran.passed, ran.output) == (True, "kept")


def test_files_of_others_are_out_of_reach(tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("hidden")
    for attempt in (
        f"open({str(secret)!r}).read()",
        f"open({str(secret)!r}, 'w')",
        f"import os; os.remove({str(secret)!r})",
    ):
        ran = run_apart(attempt)
        assert not ran.passed
        assert "hidden" not in ran.output
    shelled = run_apart(f"import subprocess; print(subprocess.run(['cat', {str(secret)!r}], capture_output=True))")
    assert "hidden" not in shelled.output
    assert secret.read_text() == "hidden"


def test_the_environment_of_who_starts_it_is_not_handed_on() -> None:
    assert run_apart("import os; print(sorted(os.environ))").output.count("LUTHIER") == 0


def test_it_ends_when_its_time_is_over_with_its_children() -> None:
    ran = run_apart(
        "import subprocess, sys; subprocess.Popen([sys.executable, '-c', 'while 1: pass'])\nwhile 1: pass", 1
    )
    assert (ran.passed, ran.output) == (False, "it did not end within 1 s")


def test_memory_and_what_it_prints_have_limits() -> None:
    assert "MemoryError" in run_apart("x = 'a' * (2 << 30)").output
    assert not run_apart("while 1: print('x' * 1000)", 5).passed


def test_what_fails_says_why() -> None:
    ran = run_apart("assert 1 + 1 == 3, 'sums'")
    assert not ran.passed
    assert "sums" in ran.output
