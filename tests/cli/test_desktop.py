"""The window's server: one that runs is used and left alone, else one is started and ended with the window."""

import importlib.util

import httpx
import pytest

from luthier.cli.desktop import open_window
from luthier.cli.options import Options
from luthier.cli.terminal import Terminal
from tests.cli.running import Cli


def test_the_window_is_signed_in_and_its_server_ends_with_it(cli: Cli) -> None:
    shown: list[str] = []

    def show(address: str) -> None:
        url, _, code = address.partition("/sign-in#code=")
        assert httpx.post(f"{url}/api/v1/sessions", json={"code": code}, headers={"Origin": url}).status_code == 201
        shown.append(url)

    with Terminal(Options(workspace=cli.home, quiet=True)) as terminal:
        open_window(terminal, show)
        assert not terminal.workspace.folders.server_card.exists()
    with pytest.raises(httpx.ConnectError):
        httpx.get(f"{shown[0]}/healthz")


def test_a_server_that_runs_already_serves_the_window_and_goes_on(cli: Cli) -> None:
    with Terminal(Options(workspace=cli.home, quiet=True)) as first, first.workspace.served() as url:
        seen: list[str] = []
        with Terminal(Options(workspace=cli.home, quiet=True)) as second:
            open_window(second, seen.append)
        assert seen[0].startswith(url)
        assert httpx.get(f"{url}/healthz").status_code == 200


@pytest.mark.skipif(importlib.util.find_spec("webview") is not None, reason="pywebview is installed here")
def test_without_a_window_toolkit_the_install_command_is_named(cli: Cli) -> None:
    answer = cli("desktop")
    assert answer.code == 1
    assert "pip install 'luthier[desktop]'" in answer.err
