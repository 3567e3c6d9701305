import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

import luthier
from luthier.domain.serving import AddressNotUsable, PortTaken, ServerAlreadyRunning
from luthier.server.addresses import addresses_of
from luthier.server.serve import serve
from luthier.settings import Settings
from luthier.workspace import Workspace

_PROGRAM = """
import sys
import luthier
from luthier.server.serve import serve
with luthier.open(sys.argv[1]) as workspace:
    serve(workspace, "127.0.0.1", int(sys.argv[2]), open_browser=False)
print("ended in good order")
"""


@pytest.fixture
def workspace(workspace_folder: Path) -> Iterator[Workspace]:
    with luthier.open(settings=Settings(home=workspace_folder, offline=True, supervisor_idle_seconds=1)) as opened:
        yield opened


@contextmanager
def _served(folder: Path, port: int = 0) -> Iterator[tuple["subprocess.Popen[str]", str]]:
    """A server in a process of its own, and the lines that it printed when it was ready."""
    process = subprocess.Popen(
        [sys.executable, "-u", "-c", _PROGRAM, str(folder), str(port)],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    assert process.stdout is not None
    try:
        yield process, "".join(process.stdout.readline() for _ in range(3))
    finally:
        process.kill()
        process.wait()
        process.stdout.close()


def _code_and_url(printed: str) -> tuple[str, str]:
    link = next(line for line in printed.splitlines() if "#code=" in line).split()[-1]
    url, _, code = link.partition("/sign-in#code=")
    return code, url


def test_the_printed_link_signs_in_and_the_key_file_works(workspace_folder: Path) -> None:
    with _served(workspace_folder) as (_, printed):
        code, url = _code_and_url(printed)
        with httpx.Client(base_url=url) as client:
            assert client.get("/healthz").json()["status"] == "ok"
            signed_in = client.post("/api/v1/sessions", json={"code": code}, headers={"origin": url})
            assert signed_in.status_code == 201
            assert client.get("/api/v1/runs").status_code == 200
        key = (workspace_folder / "secrets" / "api-key").read_text().strip()
        assert httpx.get(f"{url}/api/v1/runs", headers={"authorization": f"Bearer {key}"}).status_code == 200


def test_ctrl_c_ends_it_in_good_order_while_pages_are_watching(workspace_folder: Path) -> None:
    with _served(workspace_folder) as (process, printed):
        _, url = _code_and_url(printed)
        key = (workspace_folder / "secrets" / "api-key").read_text().strip()
        headers = {"authorization": f"Bearer {key}"}
        with httpx.stream("GET", f"{url}/api/v1/events", headers=headers, timeout=20) as answer:
            lines = answer.iter_lines()
            next(lines)
            process.send_signal(signal.SIGINT)
            list(lines)  # ends as a stream should: one that is cut off raises
            output, _ = process.communicate(timeout=20)
        assert process.returncode == 0
        assert output == "ended in good order\n"
    assert (workspace_folder / "logs" / "server.log").read_text() == ""  # no stream had to be cut off
    assert not (workspace_folder / "server.json").exists()


def test_a_second_server_of_the_workspace_is_refused_and_named_the_first(
    workspace_folder: Path, workspace: Workspace
) -> None:
    with _served(workspace_folder) as (process, printed):
        _, url = _code_and_url(printed)
        with pytest.raises(ServerAlreadyRunning, match=url) as refused:
            serve(workspace, "127.0.0.1", 0, open_browser=False)
        assert str(process.pid) in str(refused.value)


def test_a_killed_server_locks_nobody_out_and_its_half_uploads_are_cleared_away(workspace_folder: Path) -> None:
    with _served(workspace_folder) as (process, _):
        process.kill()
        process.wait()
    half = workspace_folder / "uploads" / ".upl_half.part"
    half.mkdir(parents=True)
    (half / "orders.jsonl").write_text("{")
    os.utime(half, (0, 0))
    with _served(workspace_folder) as (_, printed):
        assert "Luthier is ready" in printed
        assert not half.exists()


@pytest.mark.slow
def test_of_four_servers_that_start_at_once_one_serves(workspace_folder: Path, workspace: Workspace) -> None:
    starters = [
        subprocess.Popen(
            [sys.executable, "-u", "-c", _PROGRAM, str(workspace_folder), "0"],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        for _ in range(4)
    ]
    deadline = time.monotonic() + 60
    while sum(starter.poll() is not None for starter in starters) < 3:
        assert time.monotonic() < deadline
        time.sleep(0.1)
    (winner,) = [starter for starter in starters if starter.poll() is None]
    winner.send_signal(signal.SIGINT)
    outputs = {starter: starter.communicate(timeout=30)[0] for starter in starters}
    assert "Luthier is ready" in outputs.pop(winner)
    assert all("already served at" in output for output in outputs.values())


def test_a_taken_port_names_the_next_free_one(workspace: Workspace) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        with pytest.raises(PortTaken, match=f"Port {port}") as refused:
            serve(workspace, "127.0.0.1", port, open_browser=False)
    command = refused.value.problem.actions[0].command
    assert command is not None and command.startswith("luthier serve --port ")
    assert int(command.split()[-1]) > port


def test_after_a_failed_start_the_workspace_can_be_served(workspace: Workspace, workspace_folder: Path) -> None:
    with pytest.raises(AddressNotUsable):
        serve(workspace, "192.0.2.1", 0, open_browser=False)
    with _served(workspace_folder) as (_, printed):
        assert "Luthier is ready" in printed


@pytest.mark.parametrize(("host", "port"), [("no.such.host.invalid", 0), ("127.0.0.1", 70_000), ("127.0.0.1", -1)])
def test_an_address_that_cannot_be_used_says_why(workspace: Workspace, host: str, port: int) -> None:
    with pytest.raises(AddressNotUsable) as refused:
        serve(workspace, host, port, open_browser=False)
    assert "luthier serve --host 127.0.0.1" in str(refused.value.problem.actions)


def test_all_interfaces_mean_this_machines_own_names_and_no_wildcard() -> None:
    addresses = addresses_of("0.0.0.0", 8765)
    assert addresses.url == "http://127.0.0.1:8765"
    assert {"127.0.0.1:8765", "localhost:8765", f"{socket.gethostname().lower()}:8765"} <= addresses.hosts
    assert "0.0.0.0:8765" not in addresses.hosts


def test_port_80_goes_without_saying() -> None:
    addresses = addresses_of("127.0.0.1", 80)
    assert addresses.url == "http://127.0.0.1"
    assert {"localhost", "localhost:80"} <= addresses.hosts


def test_an_ipv6_host_is_bracketed() -> None:
    assert addresses_of("::1", 8765).url == "http://[::1]:8765"
