"""Cactus, the engine for phones: its own command converts a model; we call it where it is installed."""

import shutil
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

from luthier.domain.deployments import CactusFailed, CactusMissing
from luthier.domain.exports import ExportJob
from luthier.domain.jobs import Progress
from luthier.kit.children import ending

_LOOKS_UP_EVERY = 0.5  # seconds
_LAST_WORDS = 4000  # bytes


def convert(label: str, job: ExportJob, out: Path, tell: Callable[[Progress], None]) -> None:
    """Merges the adapter and writes the package into `out`. Raises CactusMissing or CactusFailed."""
    program = shutil.which("cactus")
    if program is None:
        raise CactusMissing(version=label)
    adapter = ["--lora", job.adapter_folder] if job.adapter_folder else []
    log = out.parent / "cactus.log"
    with open(log, "wb") as output:
        child = subprocess.Popen(  # noqa: S603 - arguments are ours, no shell
            [program, "convert", job.base_folder, str(out), *adapter],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
        )
    with ending(child):
        while child.poll() is None:
            tell(Progress(what="converting with cactus", done=0, total=0))
            time.sleep(_LOOKS_UP_EVERY)
    if child.returncode != 0 or not out.is_dir():
        words = log.read_bytes()[-_LAST_WORDS:].decode(errors="replace")
        raise CactusFailed(version=label, code=child.returncode, details=words)
