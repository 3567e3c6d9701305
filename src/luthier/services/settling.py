"""Brings a database into order whose workers are gone for good: after a restore, or when it was made anew."""

from datetime import datetime
from pathlib import Path

from luthier.domain.run_states import ACTIVE, RunMove, RunState
from luthier.domain.runs import Run
from luthier.domain.versions import Version
from luthier.services.folders import Folders
from luthier.services.run_moves import move_run
from luthier.store import Transaction


def let_runs_go_on(tx: Transaction, folders: Folders, cause: str, at: datetime) -> list[Run]:
    """No lease is left; what was at work waits for another attempt. Returns those runs, as they are then."""
    for lease in tx.leases.list():
        tx.leases.drop(lease.run_id, lease.holder)
    going_on = []
    for run in list(tx.runs.all()):
        if run.state in ACTIVE:
            going_on.append(_let_go(tx, run, cause, at))
        elif run.state is RunState.CANCELLED and not run.keeps_checkpoint:
            folders.run(run.run_id).discard_results()  # a worker that was ending could not be waited for
    return going_on


def move_paths(tx: Transaction, old: str, new: Path) -> None:
    """Folders of runs, checkpoints and versions that were in the workspace `old` are in `new` now."""

    for run in list(tx.runs.all()):
        tx.runs.update(run_moved(run, old, new))
        for checkpoint in tx.checkpoints.list(run.run_id):
            tx.checkpoints.put(checkpoint.model_copy(update={"folder": _moved(checkpoint.folder, old, new)}))
    for version in tx.versions.list():
        tx.versions.update(version_moved(version, old, new))


def run_moved(run: Run, old: str, new: Path) -> Run:
    folders = {"base_folder": _moved(run.base_folder, old, new)}
    if run.adapter_folder is not None:
        folders["adapter_folder"] = _moved(run.adapter_folder, old, new)
    return run.model_copy(update=folders)


def version_moved(version: Version, old: str, new: Path) -> Version:
    folders = {name: _moved(getattr(version, name), old, new) for name in ("base_folder", "adapter_folder")}
    return version.model_copy(update=folders)


def forget_lost_checkpoints(tx: Transaction, new: Path, there: Path) -> None:
    """Those that were removed after the database had been copied; `there` is where `new` lies for the moment."""
    for run in list(tx.runs.all()):
        for checkpoint in tx.checkpoints.list(run.run_id):
            folder = Path(checkpoint.folder)
            if folder.is_relative_to(new) and not (there / folder.relative_to(new)).is_dir():
                tx.checkpoints.drop(run.run_id, checkpoint.step)


def _moved(path: str, old: str, new: Path) -> str:
    """What was elsewhere stays where it was."""
    return str(new / Path(path).relative_to(old)) if Path(path).is_relative_to(old) else path


def _let_go(tx: Transaction, run: Run, cause: str, at: datetime) -> Run:
    stops = run.state is RunState.PAUSING and run.keeps_checkpoint
    ended = {"finished_at": at} if stops else {}
    move = RunMove.END if stops else RunMove.LOSE
    return move_run(tx, run, move, author="user", cause=cause, at=at, phase="", retry_seconds=0.0, **ended)
