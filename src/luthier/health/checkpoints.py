"""Decides which checkpoint a run goes on from: the newest one of which every byte is as it was sealed."""

from pathlib import Path

from luthier.kit.files import damage_of


def folder_of_step(checkpoints: Path, step: int) -> Path:
    return checkpoints / f"step-{step:06d}"


def step_of(folder: Path) -> int:
    return int(folder.name.removeprefix("step-"))


def sealed_checkpoints(checkpoints: Path) -> list[Path]:
    """All published ones, oldest first. Staging folders of a killed worker start with a dot and do not count."""
    return sorted((folder for folder in checkpoints.glob("step-*") if folder.is_dir()), key=step_of)


def newest_intact(checkpoints: Path) -> Path | None:
    for folder in reversed(sealed_checkpoints(checkpoints)):
        if damage_of(folder) is None:
            return folder
    return None
