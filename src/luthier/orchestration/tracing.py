"""Traces a base model in a process of the engine, with nothing of ours in its environment."""

import subprocess
import sys
from pathlib import Path

from luthier.domain.models import BaseModel
from luthier.domain.traces import TracingFailed
from luthier.kit.children import end_child
from luthier.orchestration.launch import worker_environment

_LAST_WORDS = 2000  # characters


def trace_base(base: BaseModel, precision: str, out: Path) -> None:
    """Writes the trace to `out`. Raises TracingFailed; an interruption ends the process."""
    arguments = [sys.executable, "-m", "luthier.engine.measure", base.folder, str(out), base.revision, precision]
    child = subprocess.Popen(  # noqa: S603 - arguments are ours, no shell
        arguments,
        env=worker_environment({"OMP_NUM_THREADS": "1"}),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
    )
    try:
        _, complaints = child.communicate()
    finally:
        end_child(child)
    if child.returncode or not out.exists():
        raise TracingFailed(folder=base.folder, details=complaints.decode(errors="replace")[-_LAST_WORDS:])
