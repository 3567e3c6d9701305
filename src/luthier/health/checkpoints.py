"""Decides which checkpoint a run goes on from: the newest one of which every byte is as it was sealed."""

from collections.abc import Sequence
from pathlib import Path

from luthier.kit.files import damage_of


def folder_of_step(checkpoints: Path, step: int) -> Path:
    return checkpoints / f"step-{step:06d}"


def step_of(folder: Path) -> int:
    return int(folder.name.removeprefix("step-"))


def sealed_checkpoints(checkpoints: Path) -> list[Path]:
    """All published ones, oldest first. Staging folders of a killed worker start with a dot and do not count."""
    return sorted((folder for folder in checkpoints.glob("step-*") if folder.is_dir()), key=step_of)


def surplus(sealed: Sequence[Path], keep: int, well_until: int | None, best: int | None = None) -> list[Path]:
    """Those beyond the newest `keep` and that of step `best`. Weights up to step `well_until` are healthy beyond doubt:
    the newest checkpoint of these is kept too, and the oldest of the others, which will be the next of these.
    """
    chosen = [*sealed[-keep:], *(folder for folder in sealed if step_of(folder) == best)]
    if well_until is None:
        return [folder for folder in sealed if folder not in chosen]
    well = [folder for folder in sealed if step_of(folder) <= well_until]
    kept = [*well[-1:], *sealed[len(well) :][:1], *chosen]
    return [folder for folder in sealed if folder not in kept]


def healthy(checkpoints: Path, since_step: int) -> Path | None:
    """The newest sealed one of before `since_step`."""
    return next((each for each in reversed(sealed_checkpoints(checkpoints)) if step_of(each) < since_step), None)


def newest_intact(checkpoints: Path) -> Path | None:
    for folder in reversed(sealed_checkpoints(checkpoints)):
        if damage_of(folder) is None:
            return folder
    return None
