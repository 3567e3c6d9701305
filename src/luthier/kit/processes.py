"""Start processes that outlive their parent, tell one from another that reuses its number, and end a whole tree."""

import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

import psutil

from luthier.kit.frozen import Frozen


class ProcessIdentity(Frozen):
    """A process number alone is reused by the system; with its start time it names one process for ever."""

    pid: int
    started_at: float  # seconds; on Linux since boot, elsewhere since the epoch


def identity_of(pid: int) -> ProcessIdentity | None:
    try:
        return ProcessIdentity(pid=pid, started_at=_started_at(psutil.Process(pid)))
    except (psutil.Error, OSError):
        return None


def is_alive(identity: ProcessIdentity) -> bool:
    try:
        process = psutil.Process(identity.pid)
        same = abs(_started_at(process) - identity.started_at) < 0.01
        return same and process.status() != psutil.STATUS_ZOMBIE
    except (psutil.Error, OSError):
        return False


def _started_at(process: psutil.Process) -> float:
    """psutil adds the wall time of the boot, which moves when the clock is set: the process would seem another one."""
    if not psutil.LINUX:
        return process.create_time()
    stat = Path(f"/proc/{process.pid}/stat").read_text("utf-8", errors="replace")
    ticks = stat.rpartition(")")[2].split()[19]  # field 22 of proc_pid_stat(5); the name in brackets may hold anything
    return int(ticks) / os.sysconf("SC_CLK_TCK")


def start_detached(
    arguments: Sequence[str], log: Path, environment: Mapping[str, str], program: str = sys.executable
) -> "subprocess.Popen[bytes]":
    """Runs this interpreter, or another, with `arguments` in a session of its own, its output appended to `log`."""
    log.parent.mkdir(parents=True, exist_ok=True)
    with open(log, "ab") as output:
        return subprocess.Popen(  # noqa: S603 - arguments are ours, no shell
            [program, *arguments],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            env=dict(environment),
            start_new_session=True,
        )


def end_tree(identity: ProcessIdentity, grace_seconds: float) -> None:
    """Asks the process and all its children to end, then ends those that did not within the grace time."""
    if not is_alive(identity):
        return
    root = psutil.Process(identity.pid)
    family = [root, *root.children(recursive=True)]
    for process in family:
        _quietly(process.terminate)
    _, stubborn = psutil.wait_procs(family, timeout=grace_seconds)
    for process in stubborn:
        _quietly(process.kill)
    psutil.wait_procs(stubborn, timeout=grace_seconds)


def _quietly(action: object) -> None:
    try:
        action()  # type: ignore[operator]
    except psutil.NoSuchProcess:
        pass
