"""Log lines: one event of one process, as JSON that says when, how grave, which code, and of which run or request."""

from datetime import datetime
from typing import Literal

from luthier.kit.frozen import Frozen

LogLevel = Literal["output", "info", "warning", "error"]  # output is what a library printed by itself
LEVELS: tuple[LogLevel, ...] = ("output", "info", "warning", "error")


class LogLine(Frozen):
    level: LogLevel
    message: str
    time: datetime | None = None  # None for what a library printed
    code: str | None = None  # of the problem, when it is one
    run_id: str | None = None
    attempt: int | None = None


def at_least(level: LogLevel) -> tuple[LogLevel, ...]:
    return LEVELS[LEVELS.index(level) :]
