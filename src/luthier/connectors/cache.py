"""Model folders that were fetched once, sealed, and shared by all workspaces of a user."""

import os
import shutil
from collections.abc import Sequence
from pathlib import Path

from luthier.kit.files import damage_of


def link_or_copy(source: Path, target: Path) -> None:
    """The same bytes at another place: as a second name where the disk allows it, else as a copy."""
    target.parent.mkdir(parents=True, exist_ok=True)
    try:
        os.link(source, target)
    except OSError:
        shutil.copyfile(source, target)


class FolderCache:
    """Sealed folders by key. One that is damaged counts as absent and is removed."""

    def __init__(self, root: Path) -> None:
        self._root = root

    def place(self, key: str) -> Path:
        return self._root / key

    def find(self, key: str) -> Path | None:
        folder = self.place(key)
        if not folder.exists():
            return None
        if damage_of(folder) is not None:
            shutil.rmtree(folder)
            return None
        return folder

    def names(self) -> Sequence[str]:
        """Of all that is there, whole or not."""
        return sorted(folder.name for folder in self._root.iterdir()) if self._root.is_dir() else []

    def forget(self, key: str) -> None:
        shutil.rmtree(self.place(key), ignore_errors=True)
