"""Work in the background of a process: how far it is and how it ended, in words that every kind of work shares."""

from enum import StrEnum


class WorkState(StrEnum):
    WAITING = "waiting"  # for other work of the same process
    RUNNING = "running"
    UNFINISHED = "unfinished"  # its process is gone; it can be begun again
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"

    @property
    def is_open(self) -> bool:
        """Whether somebody works on it, or will without being asked again."""
        return self in (WorkState.WAITING, WorkState.RUNNING)
