"""Where examples come from and how they are mended, from the command line."""

import gzip
import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from tests.cli.running import InThisProcess, in_this_process
from tests.data.hostile.archives import zipped
from tests.journeys.test_cli_data_errors import GOOD_ROW


@pytest.fixture
def cli(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Iterator[InThisProcess]:
    with in_this_process(tmp_path, capsys) as cli:
        yield cli


def test_faults_with_a_fix_are_mended_on_request_and_imported(cli: InThisProcess) -> None:
    (cli.folder / "a.jsonl").write_text(GOOD_ROW + '{"prompt": 5, "completion": "b",}\n' + GOOD_ROW)
    answer = cli("datasets", "check", "a.jsonl", "--json")
    assert answer.code == 3
    assert "--fix strip_trailing_comma does it" in cli("datasets", "check", "a.jsonl").out
    assert [finding["fix"] for finding in answer.document["findings"]] == ["strip_trailing_comma"]
    mended = cli("datasets", "check", "a.jsonl", "--fix", "safe", "--json")
    assert (mended.code, mended.document["examples"]) == (0, 3)
    assert {finding["code"] for finding in mended.document["findings"]} == {"dataset.mended"}
    assert cli("datasets", "import", "a.jsonl").code == 3
    imported = cli(
        "datasets", "import", "a.jsonl", "--fix", "strip_trailing_comma", "--fix", "number_to_text", "--json"
    )
    assert (imported.code, imported.document["examples"]) == (0, 3)
    rows = cli("datasets", "preview", "a", "--json").document
    assert rows[1]["messages"][0]["content"] == "5"


def test_a_fix_or_an_encoding_that_does_not_exist_is_wrong_usage(cli: InThisProcess) -> None:
    (cli.folder / "a.jsonl").write_text(GOOD_ROW)
    for option, words in (("--fix", "no fix called nonsense"), ("--encoding", "nonsense is no encoding")):
        answer = cli("datasets", "check", "a.jsonl", option, "nonsense")
        assert answer.code == 2
        assert words in answer.err and "Traceback" not in answer.err


def test_an_encoding_is_assumed_aloud_and_can_be_confirmed(cli: InThisProcess) -> None:
    row = json.dumps({"prompt": "Grüße aus München, schöne Töne für Geigen", "completion": "süß"}, ensure_ascii=False)
    (cli.folder / "a.jsonl").write_bytes(f"{row}\n{row}\n".encode("cp1252"))
    answer = cli("datasets", "check", "a.jsonl")
    assert answer.code == 0
    assert "Windows-1252" in answer.out and "% sure" in answer.out and "Grüße" in answer.out
    confirmed = cli("datasets", "check", "a.jsonl", "--encoding", "cp1252", "--json").document
    assert confirmed["findings"] == []


def test_folders_archives_and_compressed_files_are_checked_and_imported(cli: InThisProcess) -> None:
    folder = cli.folder / "shards"
    folder.mkdir()
    (folder / "1.jsonl").write_text(GOOD_ROW)
    (folder / "2.jsonl.gz").write_bytes(gzip.compress((GOOD_ROW + "{oops\n").encode()))
    (cli.folder / "all.zip").write_bytes(zipped(("1.jsonl", GOOD_ROW.encode()), ("2.csv", b"prompt,completion\na,b\n")))
    answer = cli("datasets", "check", "shards")
    assert answer.code == 3
    assert "2.jsonl.gz, line 2" in answer.out
    assert cli("datasets", "import", "shards", "--skip-bad-rows", "--json").document["examples"] == 2
    assert cli("datasets", "import", "all.zip", "--json").document["examples"] == 2


def test_a_query_says_which_rows_of_a_database_are_examples(cli: InThisProcess) -> None:
    with closing(sqlite3.connect(cli.folder / "shop.db")) as connection, connection:
        connection.execute("CREATE TABLE t (q TEXT, a TEXT)")
        connection.execute("INSERT INTO t VALUES ('what wood?', 'spruce')")
    answer = cli("datasets", "check", "shop.db")
    assert answer.code == 2
    assert "--query" in answer.err
    query = "SELECT q AS prompt, a AS completion FROM t"
    for reference in ("shop.db", "sqlite:///shop.db"):
        assert cli("datasets", "check", reference, "--query", query, "--json").document["examples"] == 1
    imported = cli("datasets", "import", "shop.db", "--query", query, "--json")
    assert (imported.document["examples"], imported.document["name"]) == (1, "shop")


def test_an_address_is_not_asked_before_a_person_allowed_it(cli: InThisProcess) -> None:
    answer = cli("datasets", "check", "https://data.example/rows.jsonl")
    assert answer.code == 2
    assert "LUTHIER_DATA_ORIGINS='[\"https://data.example\"]'" in answer.err


def test_a_reference_with_a_password_is_never_shown_with_it(cli: InThisProcess) -> None:
    reference = "postgresql://me:hush@127.0.0.1:9/shop"
    for query in ((), ("--query", "SELECT 1")):
        answer = cli("datasets", "import", reference, *query, "--json")
        assert answer.code in (1, 2)
        assert "hush" not in answer.out + answer.err
