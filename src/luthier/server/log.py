"""The server's log: warnings and failures as JSON lines in the workspace's logs folder."""

import logging
from pathlib import Path

from luthier.kit.json_logs import json_lines_to

LOG = logging.getLogger("luthier.server")


def log_to(path: Path) -> None:
    handler = json_lines_to(path)
    for name in ("luthier.server", "uvicorn"):
        logger = logging.getLogger(name)
        for earlier in list(logger.handlers):
            logger.removeHandler(earlier)
            earlier.close()
        logger.addHandler(handler)
        logger.setLevel(logging.WARNING)
        logger.propagate = False
