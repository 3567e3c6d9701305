"""Child processes that never outlive the block that needs them."""

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

_GRACE_SECONDS = 3.0


@contextmanager
def ending(child: "subprocess.Popen[Any]") -> Iterator[None]:
    """Waits for the child when the block is done; ends it when the block is left by an exception, Ctrl-C included."""
    try:
        yield
        child.wait()
    except BaseException:
        end_child(child)
        raise
    finally:
        for stream in (child.stdin, child.stdout, child.stderr):
            if stream is not None:
                stream.close()


def end_child(child: "subprocess.Popen[Any]") -> None:
    """Asks it to end, then ends it."""
    child.terminate()
    try:
        child.wait(_GRACE_SECONDS)
    except subprocess.TimeoutExpired:
        child.kill()
        child.wait()
