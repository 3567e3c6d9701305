"""A server for as long as it is wanted: the one that serves this workspace already, or one that ends with the block."""

import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

from filelock import FileLock

from luthier.domain.serving import ServerNotStarted
from luthier.kit.children import end_child
from luthier.kit.files import read_json
from luthier.kit.locks import is_held
from luthier.services.folders import Folders
from luthier.settings import process_environment

_STARTS_WITHIN_SECONDS = 60.0
_ENDS_WITHIN_SECONDS = 15.0
_LOOK_SECONDS = 0.1


@contextmanager
def server_of(folders: Folders) -> Iterator[str]:
    """Its address. Raises ServerNotStarted."""
    if (url := _address(folders)) is not None:
        yield url
        return
    arguments = ["-m", "luthier", "--workspace", str(folders.root), "serve", "--no-open", "--port", "0", "--quiet"]
    child = subprocess.Popen(  # noqa: S603 - arguments are ours, no shell
        [sys.executable, *arguments],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        env=process_environment(),
        text=True,
    )
    try:
        yield _waited_for(child, folders)
    finally:
        _end(child)


def _end(child: "subprocess.Popen[str]") -> None:
    """In good order: open streams of the window are given the time that the server takes to close them."""
    child.terminate()
    try:
        child.wait(_ENDS_WITHIN_SECONDS)
    except subprocess.TimeoutExpired:
        end_child(child)
    if child.stderr is not None:
        child.stderr.close()


def _waited_for(child: "subprocess.Popen[str]", folders: Folders) -> str:
    deadline = time.monotonic() + _STARTS_WITHIN_SECONDS
    while time.monotonic() < deadline:
        if (url := _address(folders)) is not None:
            return url
        if child.poll() is not None:
            said = child.stderr.read().strip() if child.stderr else ""
            raise ServerNotStarted(reason=said.partition("\n")[0].rstrip(".") or f"it ended with {child.returncode}")
        time.sleep(_LOOK_SECONDS)
    raise ServerNotStarted(reason=f"it was not there after {_STARTS_WITHIN_SECONDS:.0f} s")


def _address(folders: Folders) -> str | None:
    """A card without a lock was left behind by a server that was killed."""
    if not folders.server_card.exists() or not is_held(FileLock(folders.locks / "server.lock")):
        return None
    try:
        return str(read_json(folders.server_card)["url"])
    except (OSError, ValueError):
        return None  # it is just being removed
