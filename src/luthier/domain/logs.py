"""Log lines: one event of one process, as JSON that says when, how grave, which code, and of which run or request."""

from datetime import datetime
from typing import Literal

from luthier.domain.errors import Action, NotFound
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
    process: int | None = None  # its number
    source: str | None = None  # the part of Luthier that speaks
    request_id: str | None = None  # of the request that was being answered
    cause: str | None = None  # the trace of what was raised

    @property
    def searched(self) -> str:
        """What a search looks through, in lower case."""
        return " ".join(filter(None, (self.message, self.code, self.run_id, self.source, self.request_id))).lower()


def at_least(level: LogLevel) -> tuple[LogLevel, ...]:
    return LEVELS[LEVELS.index(level) :]


class LogNotFound(NotFound):
    code = "logs.not_found"
    sentence = "No process of this workspace writes a log called {name}; there are {known}."
    actions = (
        Action(label="See the end of the server's", command="luthier logs server"),
        Action(label="For the log of a run", command="luthier runs logs RUN"),
    )
