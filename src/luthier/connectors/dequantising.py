"""Turns a GGUF file into a model folder, in a process of the engine that ends when nobody waits for it any more."""

import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import orjson

from luthier.connectors.progress import OnProgress
from luthier.domain.errors import Problem, ReportedProblem
from luthier.domain.gguf import GgufNotTrainable
from luthier.domain.jobs import Progress
from luthier.kit.children import ending

_LOOKS_EVERY = 0.5  # seconds, whether somebody called it off
_LAST_WORDS = 4000  # characters


def dequantise(
    source: Path, folder: Path, environment: Mapping[str, str], on_progress: OnProgress | None = None
) -> None:
    """Raises ReportedProblem, and GgufNotTrainable when the process breaks."""
    arguments = [sys.executable, "-m", "luthier.engine", "dequantise", str(source), str(folder)]
    engine = subprocess.Popen(  # noqa: S603 - arguments are ours, no shell
        arguments, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=dict(environment)
    )
    with ending(engine):
        told, complaints = _end_of(engine, on_progress)
    if engine.returncode == 1 and told:
        raise ReportedProblem(Problem.model_validate(orjson.loads(told.splitlines()[-1])))
    if engine.returncode != 0:
        reason = f"converting its weights failed with exit code {engine.returncode}"
        details = complaints.decode(errors="replace")[-_LAST_WORDS:]
        raise GgufNotTrainable(file=source.name, reason=reason, details=details)


def _end_of(engine: "subprocess.Popen[bytes]", on_progress: OnProgress | None) -> tuple[bytes, bytes]:
    while True:
        if on_progress is not None:
            on_progress(Progress(what="converting the weights, about half a minute for a small model", done=0, total=0))
        try:
            return engine.communicate(timeout=_LOOKS_EVERY)
        except subprocess.TimeoutExpired:
            continue
