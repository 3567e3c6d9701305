"""Whether somebody holds a lock; the system frees those of a process that ends."""

from pathlib import Path

from filelock import BaseFileLock, Timeout


def is_held(lock: BaseFileLock) -> bool:
    """Takes it for a moment to find out, so a `lock` object of one's own is needed."""
    if not Path(lock.lock_file).exists():
        return False
    try:
        lock.acquire(timeout=0)
    except Timeout:
        return True
    except (FileExistsError, FileNotFoundError):  # its folder was removed in this moment
        return False
    lock.release()
    return False
