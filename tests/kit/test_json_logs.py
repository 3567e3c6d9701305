"""Each line of a log is one JSON object with time, level, ids and cause, whatever stands in the message."""

import json
import logging
from pathlib import Path

from luthier.kit.json_logs import json_lines_to

HOSTILE = "a\x1b[2Jb\nc\x07 \x7f \x9b31m \u2028"


def written(path: Path) -> list[dict[str, object]]:
    return [json.loads(line) for line in path.read_text().split("\n")[:-1]]


def test_a_failure_has_its_moment_level_ids_and_cause(tmp_path: Path) -> None:
    handler = json_lines_to(tmp_path / "logs" / "x.log")
    logger = logging.Logger("luthier.test")
    logger.addHandler(handler)
    try:
        raise OSError("no space")
    except OSError:
        logger.exception("it failed", extra={"run_id": "run_1", "attempt": 2, "code": "disk.full"})
    handler.close()
    (line,) = written(tmp_path / "logs" / "x.log")
    assert (line["level"], line["run_id"], line["attempt"], line["code"]) == ("error", "run_1", 2, "disk.full")
    assert str(line["time"]).endswith("+00:00")
    assert "OSError: no space" in str(line["cause"])


def test_a_message_cannot_end_its_line_or_steer_a_terminal(tmp_path: Path) -> None:
    handler = json_lines_to(tmp_path / "x.log")
    logger = logging.Logger("luthier.test")
    logger.addHandler(handler)
    logger.warning(HOSTILE)
    handler.close()
    content = (tmp_path / "x.log").read_bytes()
    assert content.count(b"\n") == 1
    assert not any(ord(letter) < 32 or 127 <= ord(letter) < 160 for letter in content.decode().rstrip("\n"))
    assert written(tmp_path / "x.log")[0]["message"] == HOSTILE
