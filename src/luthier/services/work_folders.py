"""What the folder of a work in the background says of it, and what stays there when it has ended."""

import shutil
from collections.abc import Collection
from datetime import datetime
from pathlib import Path
from typing import Any

from luthier.domain.background import WorkState
from luthier.domain.errors import Problem
from luthier.domain.jobs import Progress
from luthier.kit.files import read_json, write_json
from luthier.kit.frozen import Frozen

_OWN_FILES = frozenset({"work.json", "progress.json", "outcome.json", "cancel", "lock"})


class Outcome(Frozen):
    state: WorkState
    result: dict[str, Any] = {}
    problem: Problem | None = None


class Kept(Frozen):
    """What a folder says of its work."""

    work_id: str
    asked: dict[str, Any]
    begun_at: datetime
    progress: Progress | None
    outcome: Outcome


def write_end(folder: Path, outcome: Outcome, kept_when_failed: Collection[str]) -> None:
    """What the task left there goes, but for what another try is to find after a failure."""
    write_json(folder / "outcome.json", outcome.model_dump(mode="json"))
    stays = _OWN_FILES | (frozenset(kept_when_failed) if outcome.state is WorkState.FAILED else frozenset())
    for path in folder.iterdir():
        if path.name in stays:
            continue
        if path.is_dir():
            shutil.rmtree(path, ignore_errors=True)
        else:
            path.unlink(missing_ok=True)


def forget_end(folder: Path) -> None:
    """So that the work can begin again."""
    for name in ("outcome.json", "cancel", "progress.json"):
        (folder / name).unlink(missing_ok=True)


def ended_in(folder: Path) -> Outcome | None:
    try:
        return Outcome.model_validate(read_json(folder / "outcome.json"))
    except FileNotFoundError:  # also when it is begun again just now
        return None


def progress_in(folder: Path) -> Progress | None:
    try:
        return Progress.model_validate(read_json(folder / "progress.json"))
    except FileNotFoundError:
        return None
