"""Files with several names: what comes free when some of the names go, and whether others are left."""

import os
from collections import Counter
from collections.abc import Iterable
from pathlib import Path


def freed_bytes(folders: Iterable[Path]) -> int:
    """What the disk gets back when all of these go: a file that has a name elsewhere gives nothing back."""
    names, states = _files_in(folders)
    return sum(state.st_size for file, state in states.items() if names[file] >= state.st_nlink)


def has_names_outside(folder: Path, others: Iterable[Path]) -> bool:
    """Whether some file of `folder` has a name that lies neither there nor in one of the others."""
    names, states = _files_in([folder, *others])
    own, _ = _files_in([folder])
    return any(names[file] < states[file].st_nlink for file in own)


_File = tuple[int, int]  # device and inode


def _files_in(folders: Iterable[Path]) -> tuple[Counter[_File], dict[_File, os.stat_result]]:
    names: Counter[_File] = Counter()
    states: dict[_File, os.stat_result] = {}
    for folder in folders:
        for path in folder.rglob("*"):
            if path.is_file() and not path.is_symlink():
                state = path.stat()
                names[state.st_dev, state.st_ino] += 1
                states[state.st_dev, state.st_ino] = state
    return names, states
