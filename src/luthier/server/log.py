"""The server's log: warnings and failures in the workspace's logs folder, a few megabytes at most."""

import logging
from logging.handlers import RotatingFileHandler
from pathlib import Path

LOG = logging.getLogger("luthier.server")
_BYTES = 5_000_000
_ESCAPES = {code: f"\\x{code:02x}" for code in (*range(9), *range(11, 32), 127)}  # all controls but tab and line end


class _Inert(logging.Formatter):
    """A name or a path in a message cannot move the cursor or colour the terminal of who reads the log."""

    def format(self, record: logging.LogRecord) -> str:
        return super().format(record).translate(_ESCAPES)


def log_to(path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    handler = RotatingFileHandler(path, maxBytes=_BYTES, backupCount=2, encoding="utf-8")
    handler.setFormatter(_Inert("%(asctime)s %(levelname)s %(name)s %(message)s"))
    for name in ("luthier.server", "uvicorn"):
        logger = logging.getLogger(name)
        for earlier in list(logger.handlers):
            logger.removeHandler(earlier)
            earlier.close()
        logger.addHandler(handler)
        logger.setLevel(logging.WARNING)
        logger.propagate = False
