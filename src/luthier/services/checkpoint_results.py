"""What a run had learnt at a checkpoint, as a folder that can be asked: written once, then known by its hashes."""

import shutil
from pathlib import Path

from filelock import FileLock

from luthier.domain.checkpoint_names import CheckpointNotThere, CheckpointUnusable
from luthier.domain.jobs import Progress
from luthier.domain.runs import Run
from luthier.health.checkpoints import folder_of_step, sealed_checkpoints, step_of
from luthier.kit.files import damage_of, make_folder, read_json, sha256_of
from luthier.services.folders import Folders, RunFolder
from luthier.services.processes import Processes


class CheckpointResults:
    def __init__(self, folders: Folders, processes: Processes) -> None:
        self._folders = folders
        self._processes = processes

    def folder_for(self, run: Run, step: int) -> Path:
        """Blocks while a process writes it, the first time. Those whose checkpoints are gone are thrown away.

        Raises CheckpointNotThere, CheckpointUnusable, and what the process reports.
        """
        places = self._folders.run(run.run_id)
        checkpoint = folder_of_step(places.checkpoints, step)
        if not checkpoint.is_dir():
            raise CheckpointNotThere(run=run.name, step=step, there=_there(places, None))
        make_folder(self._folders.locks)
        with FileLock(self._folders.locks / f"checkpoint-results-{run.run_id}.lock"):
            _throw_away_orphans(places)
            result = places.checkpoint_results / checkpoint.name
            if not _is_of(result, checkpoint):
                self._write(run, places, checkpoint, result)
        return result

    def _write(self, run: Run, places: RunFolder, checkpoint: Path, result: Path) -> None:
        damage = damage_of(checkpoint)
        if damage is not None:
            there = _there(places, checkpoint)
            raise CheckpointUnusable(run=run.name, step=step_of(checkpoint), reason=damage, there=there)
        job = max(places.root.glob("attempts/*/job.json"))
        make_folder(self._folders.logs)
        arguments = ["result-of-step", str(job), str(checkpoint), str(result)]
        self._processes.run("luthier.engine", arguments, self._folders.logs / "checkpoints.log", _unheard)


def _is_of(result: Path, checkpoint: Path) -> bool:
    """Whole, and written from the checkpoint that is there now."""
    manifest = checkpoint / "manifest.json"
    return (
        damage_of(result) is None
        and manifest.is_file()
        and read_json(result / "manifest.json").get("checkpoint") == sha256_of(manifest)
    )


def _throw_away_orphans(places: RunFolder) -> None:
    for result in sealed_checkpoints(places.checkpoint_results):
        if not (places.checkpoints / result.name).is_dir():
            shutil.rmtree(result)


def _there(places: RunFolder, apart_from: Path | None) -> str:
    steps = [str(step_of(each)) for each in sealed_checkpoints(places.checkpoints) if each != apart_from]
    return f"There are those of step {', '.join(steps)}." if steps else "There are no others."


def _unheard(_: Progress) -> None:
    """Nobody watches: whoever asks waits for the first word of the answer."""
