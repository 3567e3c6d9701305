"""Sides that run as a process of their own, so that neither's memory nor imports count for the other."""

import json
import os
import subprocess
import sys
from pathlib import Path

from benchmarks.rows import Measure, NotMeasurable

HERE = Path(__file__).parent
PEER_PYTHON = HERE / ".venv-peer" / "bin" / "python"


def measured(python: Path, script: Path, *arguments: str, place: Path, sources: Path | None = None) -> Measure:
    """What `script ARGUMENTS RESULT` writes to RESULT. Raises NotMeasurable with the end of what it said."""
    result, log = place / "result.json", place / "log.txt"
    with open(log, "wb") as output:
        ended = subprocess.run(
            [str(python), str(script), *arguments, str(result)],
            stdout=output,
            stderr=subprocess.STDOUT,
            cwd=place,
            env={**os.environ, **({"PYTHONPATH": str(sources)} if sources else {})},
            check=False,
        )
    if ended.returncode:
        raise NotMeasurable(f"{script.name} failed:\n" + "\n".join(log.read_text(errors="replace").splitlines()[-20:]))
    answer = json.loads(result.read_text())
    return Measure(**{**answer, "outcome": tuple(answer["outcome"])})


def require_peer() -> None:
    if not PEER_PYTHON.is_file():
        raise NotMeasurable("The peer's environment is not set up; `make bench` does that.")


def peer(script: str, *arguments: str, place: Path) -> Measure:
    return measured(PEER_PYTHON, HERE / "peers" / script, *arguments, place=place)


def ours(script: str, *arguments: str, place: Path) -> Measure:
    """It may use what the tests build things with."""
    return measured(Path(sys.executable), HERE / "ours" / script, *arguments, place=place, sources=HERE.parent)
