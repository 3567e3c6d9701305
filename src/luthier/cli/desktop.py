"""`luthier desktop`: the workshop in a window of its own, served for as long as the window is open."""

import importlib.util
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

from luthier.cli import declare
from luthier.cli.terminal import Terminal
from luthier.domain.errors import PackageMissing
from luthier.domain.serving import NoWindowHere
from luthier.kit.children import end_child

app = declare.shortcut()

Show = Callable[[str], None]  # opens a window at an address, and returns when it was closed


@declare.command(app, "desktop")
def desktop(terminal: Terminal) -> None:
    """Open the workshop in a window; closing it ends the server, if it was started for it, and no run."""
    if importlib.util.find_spec("webview") is None:
        raise PackageMissing(package="pywebview", extra="desktop")
    with _ending_in_order():
        open_window(terminal, show_in_window)


def open_window(terminal: Terminal, show: Show) -> None:
    workspace = terminal.workspace
    with workspace.served() as url:
        terminal.say(f"The workshop is open in a window, served at {url}. Runs go on when it is closed.")
        key = workspace.sessions.api_key_file().read_text().strip()  # one-time codes are known to the server alone
        show(f"{url}/sign-in#code={key}")
    terminal.result({"url": url}, lambda: [])


def show_in_window(address: str) -> None:
    """In a process of its own: a toolkit without a screen ends the whole process. Raises NoWindowHere."""
    child = subprocess.Popen(
        [sys.executable, "-m", "luthier.cli.window"], stdin=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    try:
        _, said = child.communicate(address)  # not as an argument, which every user of the machine could read
    except BaseException:
        end_child(child)
        raise
    if child.returncode != 0:
        lines = [line.strip() for line in said.splitlines() if line.strip()]
        raise NoWindowHere(reason=_reason(lines) or f"its process ended with {child.returncode}")


def _reason(lines: list[str]) -> str:
    """The first line in which the toolkit says what it lacks; a trace is no answer."""
    telling = [line for line in lines if not line.startswith(("Traceback", "File ", "["))]
    return telling[-1].rstrip(".") if telling else ""


@contextmanager
def _ending_in_order() -> Iterator[None]:
    """So that a server that was started for the window ends with it, also when this process is asked to end."""

    def end(_number: int, _frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGTERM, end)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)
