"""Logs of our processes: one JSON object a line with time, level, code, ids and cause; a few megabytes are kept."""

import logging
import os
from contextvars import ContextVar
from datetime import UTC, datetime
from logging.handlers import RotatingFileHandler
from pathlib import Path

import orjson

_BYTES = 5_000_000
_KEPT = 2  # older files beside the newest
_IDS = ("run_id", "attempt", "code")  # given as `extra=`
REQUEST_ID: ContextVar[str | None] = ContextVar("request_id", default=None)  # of the request that is being answered
_ESCAPES = {code: f"\\u{code:04x}" for code in range(127, 160)}  # the controls that JSON does not escape by itself


class JsonLines(logging.Formatter):
    """No control character is left, so nothing in a message can steer the terminal of who reads the log."""

    def format(self, record: logging.LogRecord) -> str:
        line: dict[str, object] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "process": os.getpid(),
            "source": record.name,
            "message": record.getMessage(),
        }
        line |= {name: getattr(record, name) for name in _IDS if hasattr(record, name)}
        if request_id := REQUEST_ID.get():
            line["request_id"] = request_id
        if record.exc_info:
            line["cause"] = self.formatException(record.exc_info)
        return orjson.dumps(line, default=str).decode().translate(_ESCAPES)


def json_lines_to(path: Path) -> logging.Handler:
    path.parent.mkdir(parents=True, exist_ok=True)
    handler = RotatingFileHandler(path, maxBytes=_BYTES, backupCount=_KEPT, encoding="utf-8")
    handler.setFormatter(JsonLines())
    return handler
