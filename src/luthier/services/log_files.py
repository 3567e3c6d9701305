"""Reads log files: JSON lines of ours between lines that libraries printed, oldest first."""

from collections.abc import Sequence
from pathlib import Path

from pydantic import ValidationError

from luthier.domain.logs import LogLevel, LogLine, at_least

_READ_BYTES = 1 << 20  # of the end of one log; enough for thousands of lines


def lines_at_end(path: Path) -> tuple[list[LogLine], int]:
    """Of the end of a file, and where the next line will begin."""
    size = path.stat().st_size if path.exists() else 0
    return lines_from(path, max(0, size - _READ_BYTES))


def lines_from(path: Path, offset: int) -> tuple[list[LogLine], int]:
    """Complete lines from that byte on, and where the next one begins."""
    if not path.exists():
        return [], 0
    with open(path, "rb") as file:
        file.seek(offset)
        content = file.read()
    complete = content[: content.rfind(b"\n") + 1]
    texts = complete.decode(errors="replace").split("\n")[:-1]
    if offset and texts and not content.startswith(b"{"):
        texts = texts[1:] if _is_cut(path, offset) else texts
    return [_line(text) for text in texts if text.strip()], offset + len(complete)


def wanted(lines: Sequence[LogLine], level: LogLevel, words: str = "") -> list[LogLine]:
    """Those of at least that level in which all of `words` stand, whether in the message or in an id."""
    levels, asked = at_least(level), words.lower().split()
    return [line for line in lines if line.level in levels and all(word in line.searched for word in asked)]


def _is_cut(path: Path, offset: int) -> bool:
    with open(path, "rb") as file:
        file.seek(offset - 1)
        return file.read(1) != b"\n"


def _line(text: str) -> LogLine:
    if text.startswith("{"):
        try:
            return LogLine.model_validate_json(text)
        except ValidationError:
            pass  # a library may print braces of its own
    return LogLine(level="output", message=text)
