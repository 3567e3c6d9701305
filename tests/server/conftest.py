"""A server over a real workspace in a temporary folder, asked in the process or over a real loopback socket."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest
import uvicorn
from fastapi import FastAPI
from fastapi.testclient import TestClient

import luthier
from luthier.server.addresses import addresses_of
from luthier.server.app import create_app
from luthier.settings import Settings
from luthier.store import Store, open_store
from luthier.workspace import Workspace

OWN = "http://127.0.0.1:8765"


@pytest.fixture
def workspace(workspace_folder: Path) -> Iterator[Workspace]:
    with luthier.open(settings=Settings(home=workspace_folder, offline=True, supervisor_idle_seconds=1)) as opened:
        yield opened


@pytest.fixture
def store(workspace: Workspace) -> Iterator[Store]:
    """A second door to the workspace's store, as the supervisor has one."""
    opened = open_store(workspace.folders.database)
    yield opened
    opened.close()


@pytest.fixture
def app(workspace: Workspace) -> FastAPI:
    return create_app(workspace)


@pytest.fixture
def stranger(app: FastAPI) -> Iterator[TestClient]:
    """Knows the address and nothing else."""
    with TestClient(app, base_url=OWN, follow_redirects=False) as client:
        yield client


@pytest.fixture
def program(stranger: TestClient, workspace: Workspace) -> TestClient:
    """A script with the workspace's key."""
    stranger.headers["authorization"] = f"Bearer {key_of(workspace)}"
    return stranger


@pytest.fixture
def browser(stranger: TestClient, workspace: Workspace) -> TestClient:
    """A signed-in browser on a page of this server."""
    stranger.headers.update({"origin": OWN, "sec-fetch-site": "same-origin"})
    answer = stranger.post("/api/v1/sessions", json={"code": workspace.sessions.new_code()})
    assert answer.status_code == 201, answer.text
    return stranger


def key_of(workspace: Workspace) -> str:
    return workspace.sessions.api_key_file().read_text().strip()


@contextmanager
def listening(
    workspace: Workspace, key: str | None = None, prepare: Callable[[FastAPI], None] = lambda app: None
) -> Iterator[httpx.Client]:
    """The same application behind a real socket, for what streams."""
    config = uvicorn.Config(FastAPI(), port=0, log_config=None, lifespan="on")
    listener = config.bind_socket()
    port = listener.getsockname()[1]
    app = create_app(workspace, addresses_of("127.0.0.1", port))
    prepare(app)
    server = uvicorn.Server(uvicorn.Config(app, log_config=None, ws="none", timeout_graceful_shutdown=2))
    thread = threading.Thread(target=server.run, args=([listener],), daemon=True)
    thread.start()
    while not server.started:
        time.sleep(0.01)
    headers = {"authorization": f"Bearer {key or key_of(workspace)}"}
    try:
        with httpx.Client(base_url=f"http://127.0.0.1:{port}", headers=headers, timeout=20) as client:
            yield client
    finally:
        app.state.streams.close()
        server.should_exit = True
        thread.join(10)
        assert not thread.is_alive(), "the server did not end"
