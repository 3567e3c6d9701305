"""Log lines in the terminal: with their moment and level, and followed until the run rests."""

import sys
from collections.abc import Iterable

from rich.text import Text

from luthier.cli.follow import RESTING
from luthier.cli.render.moments import local_time
from luthier.cli.render.text import visible
from luthier.cli.terminal import Terminal
from luthier.domain.logs import LogLevel, LogLine
from luthier.services.run_logs import LogPiece

_POLL_SECONDS = 0.5
_STYLES: dict[LogLevel, str] = {"output": "soft", "info": "", "warning": "warn", "error": "bad"}


def show_log(terminal: Terminal, lines: Iterable[LogLine]) -> None:
    for line in lines:
        if terminal.options.as_json:
            sys.stdout.write(f"{line.model_dump_json(exclude_none=True)}\n")
        else:
            terminal.out.print(_drawn(line), soft_wrap=True)
    sys.stdout.flush()


def follow_log(terminal: Terminal, run_id: str, piece: LogPiece, level: LogLevel) -> None:
    workspace = terminal.workspace
    while True:
        rests = workspace.runs.get(run_id).state in RESTING  # before reading, so that nothing is missed
        piece = workspace.logs.after(run_id, piece, level)
        show_log(terminal, piece.lines)
        if rests and not piece.lines:
            return
        workspace.clock.sleep(_POLL_SECONDS)


def _drawn(line: LogLine) -> Text:
    moment = f"{local_time(line.time)} " if line.time else ""
    word = f"{line.level} " if line.level in ("warning", "error") else ""
    return Text.assemble((moment, "soft"), (word, _STYLES[line.level]), (visible(line.message), _STYLES[line.level]))
