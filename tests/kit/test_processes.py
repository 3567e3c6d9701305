import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from luthier.kit.processes import ProcessIdentity, end_tree, identity_of, is_alive, start_detached

SLEEP = ["-c", "import time; time.sleep(60)"]
DEAF = [
    "-c",
    "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('deaf', flush=True); time.sleep(60)",
]
PARENT = [
    "-c",
    "import subprocess, sys, time; child = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(60)'])\n"
    "print(child.pid, flush=True); time.sleep(60)",
]


@pytest.fixture
def started() -> Iterator[list["subprocess.Popen[bytes]"]]:
    processes: list[subprocess.Popen[bytes]] = []
    yield processes
    for process in processes:
        process.kill()
        process.wait()


def identity(process: "subprocess.Popen[bytes]") -> ProcessIdentity:
    found = identity_of(process.pid)
    assert found
    return found


def wait_for(log: Path) -> str:
    deadline = time.monotonic() + 20
    while not log.read_text() and time.monotonic() < deadline:
        time.sleep(0.02)
    return log.read_text()


def test_a_process_is_alive_until_it_ends(tmp_path: Path, started: list["subprocess.Popen[bytes]"]) -> None:
    process = start_detached(SLEEP, tmp_path / "log", os.environ)
    started.append(process)
    who = identity(process)
    assert is_alive(who)
    process.kill()
    process.wait()
    assert not is_alive(who)
    assert identity_of(process.pid) is None


def test_a_process_that_ended_but_was_not_collected_counts_as_dead(
    tmp_path: Path, started: list["subprocess.Popen[bytes]"]
) -> None:
    process = start_detached(SLEEP, tmp_path / "log", os.environ)
    started.append(process)
    who = identity(process)
    process.kill()
    deadline = time.monotonic() + 10
    while psutil.Process(process.pid).status() != psutil.STATUS_ZOMBIE and time.monotonic() < deadline:
        time.sleep(0.01)
    assert not is_alive(who)


def test_another_process_that_got_the_same_number_is_not_taken_for_it() -> None:
    me = identity_of(os.getpid())
    assert me
    assert is_alive(me)
    assert not is_alive(me.model_copy(update={"started_at": me.started_at - 5}))


def test_a_detached_process_leaves_its_output_in_the_log_and_gets_only_the_given_environment(tmp_path: Path) -> None:
    log = tmp_path / "logs" / "worker.log"
    code = "import os, sys; print(sorted(n for n in os.environ if n.startswith('L')), os.getsid(0) == os.getpid())"
    for _ in range(2):
        start_detached(["-c", code], log, {"LUTHIER_TEST": "1"}).wait()
    lines = log.read_text().splitlines()
    assert len(lines) == 2
    assert all("LUTHIER_TEST" in line and line.endswith("True") for line in lines)


def test_a_detached_process_outlives_its_parent(tmp_path: Path) -> None:
    code = (
        "import os, sys; from pathlib import Path; from luthier.kit.processes import start_detached\n"
        "print(start_detached(['-c', 'import time; time.sleep(60)'], Path(sys.argv[1]), os.environ).pid)"
    )
    parent = subprocess.run([sys.executable, "-c", code, str(tmp_path / "log")], capture_output=True, check=True)
    orphan = identity_of(int(parent.stdout))
    assert orphan
    assert is_alive(orphan)
    end_tree(orphan, grace_seconds=5)
    assert not is_alive(orphan)


def test_ending_a_process_ends_its_children_too(tmp_path: Path, started: list["subprocess.Popen[bytes]"]) -> None:
    log = tmp_path / "log"
    started.append(start_detached(PARENT, log, os.environ))
    child = identity_of(int(wait_for(log)))
    assert child
    end_tree(identity(started[0]), grace_seconds=5)
    assert not is_alive(child)


def test_a_process_that_does_not_listen_is_ended_after_the_grace_time(
    tmp_path: Path, started: list["subprocess.Popen[bytes]"]
) -> None:
    log = tmp_path / "log"
    started.append(start_detached(DEAF, log, os.environ))
    wait_for(log)
    who = identity(started[0])
    end_tree(who, grace_seconds=0.3)
    assert not is_alive(who)


def test_a_stranger_with_the_same_number_is_left_alone(
    tmp_path: Path, started: list["subprocess.Popen[bytes]"]
) -> None:
    started.append(start_detached(SLEEP, tmp_path / "log", os.environ))
    who = identity(started[0])
    end_tree(who.model_copy(update={"started_at": who.started_at - 5}), grace_seconds=1)
    assert is_alive(who)


@pytest.mark.skipif(sys.platform != "linux", reason="Only Linux tells the start of a process apart from the clock.")
def test_the_identity_of_a_process_does_not_move_with_the_clock() -> None:
    me = identity_of(os.getpid())
    assert me
    assert me.started_at < float(Path("/proc/uptime").read_text().split()[0]) + 1
