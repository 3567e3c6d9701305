"""Runs a Python program that nobody vouches for: apart from files, network and time, or not at all."""

import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import NamedTuple

_MOST_OUTPUT = 4000  # characters of what it printed last
_NOT_ISOLATED = 97
_LAUNCHER = Path(__file__).with_name("sandboxed.py")
_MEMORY_BYTES = 512 << 20


class NotIsolated(Exception):
    """This system cannot keep a program away from the files of whoever starts it."""


class Ran(NamedTuple):
    passed: bool  # it ended by itself with exit code 0
    output: str
    network_closed: bool


def run_apart(program: str, seconds: float = 10.0) -> Ran:
    """In a new folder that is gone afterwards, with at most 512 MiB of memory and `seconds` of time.

    It reads that folder and Python's own files and nothing else (Landlock, Linux 5.13 and later), has no environment,
    and no network where the system allows user namespaces. Raises NotIsolated where files cannot be kept from it.
    """
    if sys.platform != "linux":
        raise NotIsolated
    with tempfile.TemporaryDirectory(prefix="luthier-apart-") as folder, tempfile.TemporaryFile() as said:
        (Path(folder) / "program.py").write_text(program, encoding="utf-8")
        command = [sys.executable, "-I", str(_LAUNCHER), folder, str(_MEMORY_BYTES), str(int(seconds) + 1)]
        process = subprocess.Popen(  # noqa: S603 - our own launcher
            [*command, str(Path(folder) / "program.py")],
            stdin=subprocess.DEVNULL,
            stdout=said,  # a file, whose size is limited like that of every file it writes
            stderr=subprocess.STDOUT,
            env={"PATH": "/usr/bin:/bin", "HOME": folder, "TMPDIR": folder},
            cwd=folder,
            start_new_session=True,
        )
        try:
            code: int | None = process.wait(timeout=seconds)
        except subprocess.TimeoutExpired:
            code = None
        _end_group(process)  # with children that it left behind
        said.seek(0)
        first, _, output = said.read().decode(errors="replace").partition("\n")
    if code == _NOT_ISOLATED:
        raise NotIsolated
    told = output.strip()[-_MOST_OUTPUT:] if code is not None else f"it did not end within {seconds:g} s"
    return Ran(code == 0, told, network_closed=first == "network closed")


def _end_group(process: "subprocess.Popen[bytes]") -> None:
    try:
        os.killpg(process.pid, 9)
    except ProcessLookupError:
        pass
    process.wait()
