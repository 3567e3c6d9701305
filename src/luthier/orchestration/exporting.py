"""Runs processes that export or look at rows: hands their progress on, and ends them when called off."""

import queue
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any, BinaryIO

import orjson

from luthier.domain.counting import CountingBroke
from luthier.domain.errors import LuthierError, Problem, ReportedProblem
from luthier.domain.exports import ExportBroke
from luthier.domain.jobs import Progress
from luthier.domain.previews import PreviewBroke
from luthier.kit.children import end_child
from luthier.orchestration.launch import worker_environment
from luthier.planning.decisions import Ledger
from luthier.planning.environment import settle_environment
from luthier.planning.machine import probe_machine
from luthier.services.background import OnProgress
from luthier.services.folders import Folders

_LOOKS_UP_EVERY = 0.5  # seconds: how soon a wish to end it is noticed
_LAST_WORDS = 4000  # characters

Lines = queue.SimpleQueue[bytes | None]


class ExportProcesses:
    def __init__(self, folders: Folders) -> None:
        self._folders = folders

    def preview(self, folder: Path, tell: OnProgress) -> None:
        """Looks at the rows that lie there. Raises ReportedProblem and PreviewBroke."""
        self.run("luthier.services.preview_process", [str(folder)], folder / "preflight.log", tell, PreviewBroke)

    def count(self, folder: Path, tell: OnProgress) -> None:
        """Counts the examples that its job names. Raises ReportedProblem and CountingBroke."""
        self.run("luthier.services.counting_process", [str(folder)], folder / "counting.log", tell, CountingBroke)

    def run(
        self,
        module: str,
        arguments: list[str],
        log: Path,
        tell: OnProgress,
        broke: type[LuthierError] = ExportBroke,
    ) -> None:
        """Blocks until the process is done; what `tell` raises ends it.

        Raises ReportedProblem for what it refuses, and `broke` when it ends in any other way.
        """
        settled = settle_environment(probe_machine(self._folders.root), Ledger({}))
        with open(log, "ab") as errors:
            child = subprocess.Popen(  # noqa: S603 - arguments are ours, no shell
                [sys.executable, "-m", module, *arguments],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=errors,
                env=worker_environment(settled),
                start_new_session=True,  # Ctrl-C in a terminal is for us, and we end it
            )
        try:
            problem = _follow(child, tell)
        finally:
            end_child(child)
        if problem is not None:
            raise ReportedProblem(problem)
        if child.returncode != 0:
            words = log.read_text("utf-8", errors="replace")[-_LAST_WORDS:]
            how = f"exit code {child.returncode}" if child.returncode > 0 else f"signal {-child.returncode}"
            raise broke(what=f"runs {module} {arguments[0]}", how=how, details=words)


def _follow(child: "subprocess.Popen[bytes]", tell: OnProgress) -> Problem | None:
    assert child.stdout is not None
    lines: Lines = queue.SimpleQueue()
    reader = threading.Thread(target=_read, args=(child.stdout, lines), name="export progress", daemon=True)
    reader.start()
    progress, problem = Progress(what="starting a process", done=0, total=0), None
    while True:
        try:
            line = lines.get(timeout=_LOOKS_UP_EVERY)
        except queue.Empty:
            tell(progress)
            continue
        if line is None:
            child.wait()
            return problem
        told: dict[str, Any] = orjson.loads(line)
        if "problem" in told:
            problem = Problem.model_validate(told["problem"])
        else:
            progress = Progress.model_validate(told["progress"])
            tell(progress)


def _read(source: BinaryIO, lines: Lines) -> None:
    with source:
        for line in source:
            if line.startswith(b"{"):  # libraries may print there too
                lines.put(line)
    lines.put(None)
