"""Whether somebody holds a lock; the system frees those of a process that ends."""

from filelock import BaseFileLock, Timeout


def is_held(lock: BaseFileLock) -> bool:
    """Takes it for a moment to find out, so a `lock` object of one's own is needed."""
    try:
        lock.acquire(timeout=0)
    except Timeout:
        return True
    lock.release()
    return False
