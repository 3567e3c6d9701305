"""Runs the real command line in a process of its own."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil
import pytest

from luthier.cli.main import main


@dataclass(frozen=True)
class Finished:
    code: int
    out: str
    err: str

    @property
    def document(self) -> Any:
        """What --json printed: exactly one JSON document, or this raises."""
        return json.loads(self.out)


class Cli:
    """Commands on one workspace; `close` ends what they left running in the background."""

    def __init__(self, home: Path, folder: Path) -> None:
        self.home = home
        self.folder = folder
        self.environment = {
            **os.environ,
            "LUTHIER_HOME": str(home),
            "LUTHIER_SUPERVISOR_IDLE_SECONDS": "3",
            "LUTHIER_OFFLINE": "1",
            "NO_COLOR": "1",
            "COLUMNS": "100",
        }

    def __call__(self, *arguments: str, stdin: str = "", timeout: float = 120) -> Finished:
        answer = subprocess.run(
            [sys.executable, "-m", "luthier", *arguments],
            cwd=self.folder,
            env=self.environment,
            input=stdin,
            capture_output=True,
            text=True,
            timeout=timeout,
        )
        return Finished(answer.returncode, answer.stdout, answer.stderr)

    def start(self, *arguments: str) -> "subprocess.Popen[str]":
        return subprocess.Popen(
            [sys.executable, "-u", "-m", "luthier", *arguments],
            cwd=self.folder,
            env=self.environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
            preexec_fn=_listen_to_interrupts,
        )

    def close(self) -> None:
        while left := self._left():  # a supervisor replaces a worker that ends before it
            for process in left:
                process.kill()
            psutil.wait_procs(left, timeout=10)

    def _left(self) -> list[psutil.Process]:
        return [process for process in psutil.process_iter(["cmdline", "environ", "status"]) if self._is_ours(process)]

    def _is_ours(self, process: psutil.Process) -> bool:
        if process.info["status"] == psutil.STATUS_ZOMBIE:
            return False
        environment = process.info["environ"] or {}
        told = " ".join(process.info["cmdline"] or [])
        return environment.get("LUTHIER_HOME") == str(self.home) or str(self.home) in told or self._logs_here(process)

    def _logs_here(self, process: psutil.Process) -> bool:
        """A worker that was forked is told nothing on its command line."""
        try:
            return str(self.home) in str(Path(f"/proc/{process.pid}/fd/2").readlink())
        except OSError:
            return False


class InThisProcess:
    """The whole command line from its rim on, without the second that a new interpreter takes."""

    def __init__(self, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
        self.folder = folder
        self._capsys = capsys

    def __call__(self, *arguments: str) -> Finished:
        sys.argv = ["luthier", "--workspace", str(self.folder / "workspace"), *arguments]
        code = main()
        shown = self._capsys.readouterr()
        return Finished(code, shown.out, shown.err)


@contextmanager
def in_this_process(folder: Path, capsys: pytest.CaptureFixture[str]) -> Iterator[InThisProcess]:
    """With `folder` as the working folder."""
    before, arguments = Path.cwd(), sys.argv
    os.chdir(folder)
    try:
        yield InThisProcess(folder, capsys)
    finally:
        os.chdir(before)
        sys.argv = arguments


def _listen_to_interrupts() -> None:
    """A shell that starts the tests in the background has them, and all that they start, ignore Ctrl-C."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def interrupt(process: "subprocess.Popen[str]") -> None:
    """What Ctrl-C in a terminal does."""
    process.send_signal(signal.SIGINT)


def read_until(process: "subprocess.Popen[str]", words: str) -> str:
    """The messages up to the line that holds `words`; fails with all of them when the process ends before."""
    assert process.stderr is not None
    seen = []
    for line in process.stderr:
        seen.append(line)
        if words in line:
            return "".join(seen)
    raise AssertionError(f"{words!r} was never said. What was said:\n{''.join(seen)}")
