from pathlib import Path

from luthier.health.checkpoints import folder_of_step, newest_intact, sealed_checkpoints, step_of
from luthier.kit.files import sealed_folder


def a_checkpoint(checkpoints: Path, step: int) -> Path:
    folder = folder_of_step(checkpoints, step)
    with sealed_folder(folder, {"step": step}) as staging:
        (staging / "adapter.safetensors").write_bytes(b"values")
    return folder


def test_no_checkpoint_is_no_place_to_go_on_from(tmp_path: Path) -> None:
    assert newest_intact(tmp_path / "checkpoints") is None


def test_checkpoints_are_ordered_by_step_and_not_by_the_spelling_of_their_names(tmp_path: Path) -> None:
    folders = [a_checkpoint(tmp_path, step) for step in (1_000_000, 999_999)]
    assert sealed_checkpoints(tmp_path) == folders[::-1]
    assert newest_intact(tmp_path) == folders[0]
    assert step_of(folders[0]) == 1_000_000


def test_damage_of_any_kind_makes_a_checkpoint_invisible(tmp_path: Path) -> None:
    oldest = a_checkpoint(tmp_path, 3)
    (a_checkpoint(tmp_path, 6) / "adapter.safetensors").write_bytes(b"valves")
    (a_checkpoint(tmp_path, 9) / "manifest.json").unlink()
    (a_checkpoint(tmp_path, 12) / "adapter.safetensors").unlink()
    (tmp_path / ".step-000015.77.part").mkdir()  # of a worker that was killed while saving
    assert newest_intact(tmp_path) == oldest
