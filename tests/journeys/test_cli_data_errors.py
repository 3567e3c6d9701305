"""What people bring that cannot be trained on: each gives a sentence with a place, actions, and its exit code."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.cli.running import Finished, InThisProcess, in_this_process

GOOD_ROW = '{"prompt": "2 x oak", "completion": "{\\"oak\\": 2}"}\n'


def _file(name: str, content: bytes) -> Callable[[Path], list[str]]:
    def make(folder: Path) -> list[str]:
        (folder / name).write_bytes(content)
        return ["--data", name]

    return make


def _with_base(*base: str) -> Callable[[Path], list[str]]:
    def make(folder: Path) -> list[str]:
        (folder / "empty-folder").mkdir()
        (folder / "orders.jsonl").write_text(GOOD_ROW * 3)
        return ["--data", "orders.jsonl", *base]

    return make


GOOD = GOOD_ROW.encode()
SCENARIOS = {
    "missing file": (lambda folder: ["--data", "none.jsonl"], 2, ["none.jsonl"]),
    "missing dataset": (lambda folder: ["--data", "none"], 2, ["none"]),
    "empty file": (_file("a.jsonl", b""), 3, ["a.jsonl", "no examples"]),
    "blank file": (_file("a.jsonl", b" \n\n"), 3, ["a.jsonl", "no examples"]),
    "wrong shape": (_file("a.jsonl", b'{"foo": 1, "bar": 2}\n' * 5), 3, ["foo, bar", "--map"]),
    "bad row": (
        _file("a.jsonl", GOOD * 40 + b'{"prompt": "a", "compl\n' + GOOD * 40),
        3,
        ["line 41", "--skip-bad-rows"],
    ),
    "not UTF-8": (_file("a.jsonl", GOOD * 3 + GOOD.replace(b"oak", b"\xe4h")), 3, ["line 4", "UTF-8"]),
    "unknown column": (
        lambda folder: [*_with_base()(folder), "--map", "prompt=nope"],
        3,
        ["nope", "prompt, completion"],
    ),
    "unknown shape": (lambda folder: [*_with_base()(folder), "--shape", "round"], 2, ["round", "alpaca"]),
    "binary file": (_file("a.jsonl", bytes(range(256)) * 64), 3, ["a.jsonl"]),
    "missing base": (_with_base("--base", "none here"), 2, ["none here", "--base starter"]),
    "folder without a model": (_with_base("--base", "empty-folder"), 3, ["empty-folder", "config.json"]),
    "unknown setting": (_with_base("--set", "learning_rat=1"), 2, ["learning_rate?"]),
    "setting out of range": (_with_base("--set", "learning_rate=7"), 2, ["--set settings.learning_rate", "0.1"]),
    "nothing said": (lambda folder: [], 2, ["--data", "luthier demo"]),
}


@pytest.fixture
def cli(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Iterator[InThisProcess]:
    with in_this_process(tmp_path, capsys) as cli:
        yield cli


@pytest.mark.parametrize("name", SCENARIOS)
def test_training_on_it_is_refused_with_a_place_and_a_way_out(cli: InThisProcess, name: str) -> None:
    prepare, code, words = SCENARIOS[name]
    answer = cli("train", *prepare(cli.folder))
    assert _is_a_plain_error(answer)
    assert answer.code == code, answer.err
    assert [word for word in words if word not in answer.err] == []


@pytest.mark.parametrize("name", ["empty file", "wrong shape", "unknown column", "missing file"])
def test_the_same_error_reaches_scripts_as_one_document(cli: InThisProcess, name: str) -> None:
    prepare, code, _ = SCENARIOS[name]
    answer = cli("train", *prepare(cli.folder), "--json")
    error = answer.document["error"]
    assert answer.code == code
    assert error["sentence"] in answer.err
    assert error["actions"]


def test_check_names_every_bad_row_and_needs_attention(cli: InThisProcess) -> None:
    (cli.folder / "a.jsonl").write_text(GOOD_ROW * 2 + "{oops\n" + GOOD_ROW + '{"prompt": "", "completion": ""}\n')
    answer = cli("datasets", "check", "a.jsonl")
    assert answer.code == 3
    assert "line 3" in answer.out
    assert "row 5" in answer.out
    document = cli("datasets", "check", "a.jsonl", "--json").document
    assert document["errors"] == len([finding for finding in document["findings"] if finding["level"] == "error"])
    assert document["examples"] == 3


def test_bad_rows_can_be_left_out_on_purpose(cli: InThisProcess) -> None:
    (cli.folder / "a.jsonl").write_text(GOOD_ROW * 2 + "{oops\n" + GOOD_ROW)
    answer = cli("datasets", "import", "a.jsonl", "--skip-bad-rows", "--json")
    assert (answer.code, answer.document["examples"]) == (0, 3)


def test_what_is_in_a_file_cannot_steer_the_terminal(cli: InThisProcess) -> None:
    (cli.folder / "a.jsonl").write_text('{"prompt": "\\u001b[2J\\u202ehello", "completion": "[bold]there[/bold]"}\n')
    answer = cli("datasets", "check", "a.jsonl")
    assert answer.code == 0
    assert "\x1b" not in answer.out
    assert "\u202e" not in answer.out
    assert "[bold]there[/bold]" in answer.out


def test_a_dataset_is_found_by_name_and_by_the_beginning_of_its_id(cli: InThisProcess) -> None:
    (cli.folder / "oak-orders.jsonl").write_text(GOOD_ROW * 3)
    dataset = cli("datasets", "import", "oak-orders.jsonl", "--json").document
    assert [item["dataset_id"] for item in cli("datasets", "list", "--json").document] == [dataset["dataset_id"]]
    for reference in (dataset["name"], dataset["dataset_id"], dataset["dataset_id"][:10]):
        assert cli("datasets", "show", reference, "--json").document == dataset
    rows = cli("datasets", "preview", "oak-orders", "--offset", "1", "--limit", "1", "--json").document
    assert [row["row"] for row in rows] == [2]
    assert cli("datasets", "show", "elm").code == 2


@pytest.mark.skipif(sys.platform == "win32", reason="limits how large a file may grow, which Windows cannot")
def test_a_disk_without_room_is_named_and_nothing_half_written_stays(cli: InThisProcess) -> None:
    (cli.folder / "orders.jsonl").write_text(GOOD_ROW * 20_000)
    assert cli("datasets", "list", "--json").document == []
    with _files_of_at_most(500_000):
        answer = cli("datasets", "import", "orders.jsonl")
    assert answer.code == 1
    assert "no space" in answer.err
    assert "rows.jsonl" in answer.err
    assert _is_a_plain_error(answer)
    assert cli("datasets", "list", "--json").document == []
    assert cli("datasets", "import", "orders.jsonl", "--json").document["examples"] == 20_000


@contextmanager
def _files_of_at_most(size: int) -> Iterator[None]:
    """Writing more fails as it does on a full disk."""
    import resource

    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def _is_a_plain_error(answer: Finished) -> bool:
    assert answer.out == ""
    assert answer.err.splitlines()[0].startswith("Error: ") or "\nError: " in answer.err
    assert "Try:" in answer.err
    assert "Traceback" not in answer.err
    return True
