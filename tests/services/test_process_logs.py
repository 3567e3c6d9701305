import json
import logging

import pytest

from luthier.domain.logs import LogNotFound
from luthier.kit.json_logs import json_lines_to
from luthier.services.folders import Folders
from luthier.services.process_logs import ProcessLogs


def write(folders: Folders, *lines: dict[str, str] | str, name: str = "server.log") -> None:
    folders.logs.mkdir(exist_ok=True)
    with open(folders.logs / name, "a") as file:
        for line in lines:
            file.write((line if isinstance(line, str) else json.dumps(line)) + "\n")


def a_line(message: str, **more: str) -> dict[str, str]:
    return {"time": "2027-01-01T10:00:00Z", "level": "warning", "message": message, **more}


def test_words_find_a_line_by_its_message_or_by_any_of_its_ids(folders: Folders) -> None:
    write(folders, a_line("the disk is slow", run_id="run_a"), a_line("a look failed", request_id="req_7"), "a library")
    logs = ProcessLogs(folders)
    assert [line.message for line in logs.tail("server", 9, words="RUN_A disk").lines] == ["the disk is slow"]
    assert [line.message for line in logs.tail("server", 9, words="req_7").lines] == ["a look failed"]
    assert logs.tail("server", 9, words="run_a look").lines == []


def test_a_line_is_read_as_our_processes_write_it(folders: Folders) -> None:
    log = logging.getLogger("luthier.tests.process_logs")
    handler = json_lines_to(folders.logs / "server.log")
    log.addHandler(handler)
    try:
        raise ValueError("broken")
    except ValueError:
        log.exception("a look failed", extra={"run_id": "run_a"})
    finally:
        log.removeHandler(handler)
        handler.close()
    (line,) = ProcessLogs(folders).tail("server", 9).lines
    assert (line.level, line.message, line.run_id) == ("error", "a look failed", "run_a")
    assert line.cause is not None and "ValueError: broken" in line.cause


def test_a_level_leaves_out_what_is_less_grave(folders: Folders) -> None:
    write(folders, "printed by a library", a_line("first"), a_line("second", level="error"))
    logs = ProcessLogs(folders)
    assert len(logs.tail("server", 9).lines) == 3
    assert [line.message for line in logs.tail("server", 9, "warning").lines] == ["first", "second"]
    assert [line.message for line in logs.tail("server", 1).lines] == ["second"]


def test_following_goes_on_where_it_stopped_also_in_a_new_file(folders: Folders) -> None:
    write(folders, a_line("one"), a_line("two"))
    logs = ProcessLogs(folders)
    seen = logs.tail("server", 9)
    write(folders, a_line("three"))
    after = logs.after("server", seen.offset)
    assert [line.message for line in after.lines] == ["three"]
    (folders.logs / "server.log").rename(folders.logs / "server.log.1")
    write(folders, a_line("four"))
    assert [line.message for line in logs.after("server", after.offset).lines] == ["four"]


def test_the_export_begins_with_the_oldest_file(folders: Folders) -> None:
    write(folders, a_line("old"), name="server.log.1")
    write(folders, a_line("new"))
    content = b"".join(ProcessLogs(folders).export("server")).decode()
    assert content.index("old") < content.index("new")


@pytest.mark.parametrize("name", ["../luthier", "worker", "", "server.log"])
def test_only_a_log_of_the_workspace_can_be_named(folders: Folders, name: str) -> None:
    write(folders, a_line("x"))
    with pytest.raises(LogNotFound, match="server, supervisor"):
        ProcessLogs(folders).tail(name, 9)
