"""A person's path from a raw file to clean, split and mixed datasets, and back to where every row came from."""

import json
import os
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cli.running import Finished
from tests.journeys.test_cli_data_errors import InThisProcess


class DatasetCommands:
    def __init__(self, cli: InThisProcess) -> None:
        self._cli = cli
        self.folder = cli.folder

    def __call__(self, *arguments: str) -> Finished:
        return self._cli("datasets", *arguments)


@pytest.fixture
def datasets(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Iterator[DatasetCommands]:
    before, arguments = Path.cwd(), sys.argv
    os.chdir(tmp_path)
    rows = [(f"Case {number} of ada@lute.org: {'oak ' * number}?", f"Answer {number}.") for number in range(20)]
    rows.append(rows[0])
    lines = (json.dumps({"prompt": prompt, "completion": completion}) + "\n" for prompt, completion in rows)
    (tmp_path / "orders.jsonl").write_text("".join(lines))
    cli = DatasetCommands(InThisProcess(tmp_path, capsys))
    assert cli("import", "orders.jsonl").code == 0
    yield cli
    os.chdir(before)
    sys.argv = arguments


def test_from_a_raw_file_to_a_clean_split_and_back_to_its_rows(datasets: DatasetCommands) -> None:
    clean = datasets("dedupe", "orders")
    assert (clean.code, clean.err.count("lineage orders@2")) == (0, 1)
    assert "orders@2" in clean.out and "20 examples" in clean.out and "1 repeated, left out" in clean.out
    assert "20 changed" in datasets("redact", "orders").out
    made = datasets("split", "orders", "--share", "held-out=0.2", "--near", "1", "--json").document["datasets"]
    assert [(item["name"], item["examples"]) for item in made] == [("orders-train", 16), ("orders-held-out", 4)]
    tree = datasets("lineage", "orders-train").out
    assert [label for label in ("orders-train@1", "orders@3", "orders@2", "orders@1") if label not in tree] == []
    assert "orders.jsonl" in "".join(tree.split()) and "redact" in tree and "shares held-out 0.2" in tree
    diff = datasets("diff", "orders@1", "orders", "--json").document
    assert [diff[kind] for kind in ("unchanged", "changed", "removed", "added")] == [0, 20, 1, 0]
    shown = datasets("diff", "orders@1", "orders", "--limit", "1").out
    assert "ada@lute.org" in shown and "[EMAIL_1]" in shown and "Removed" in shown
    row = datasets("preview", "orders-held-out", "--limit", "1", "--json").document[0]
    assert row["row"] == 1 and row["origin"][2:] == ["redact"]


def test_an_older_version_stays_what_it_was(datasets: DatasetCommands) -> None:
    before = datasets("show", "orders@1", "--json").document
    datasets("dedupe", "orders")
    assert datasets("show", "orders@1", "--json").document == before
    assert [item["version"] for item in datasets("list", "--json").document] == [2, 1]
    assert "orders@2" in datasets("list").out


def test_what_needs_no_change_is_said_to_need_none(datasets: DatasetCommands) -> None:
    answer = datasets("repair", "orders")
    assert answer.code == 0 and "Nothing in it had to be changed." in answer.out


def test_samples_are_listed_imported_mixed_balanced_and_searched(datasets: DatasetCommands) -> None:
    assert "sample:request-kinds" in datasets("samples").out
    for name in ("request-kinds", "catalogue-lines"):
        assert datasets("import", f"sample:{name}").code == 0
    mixed = datasets("mix", "request-kinds=2", "catalogue-lines", "--name", "both", "--json").document["datasets"][0]
    assert (mixed["name"], mixed["examples"], mixed["shape"]) == ("both", 36, "prompt-completion")
    balanced = datasets("balance", "request-kinds", "--to", "5", "--json").document["datasets"][0]
    assert balanced["examples"] == 20
    found = datasets("search", "request-kinds@1", "CELLO", "--role", "user", "--limit", "2", "--json").document
    assert len(found["rows"]) == 2 and all("cello" in json.dumps(row).lower() for row in found["rows"])
    assert "--after" in datasets("search", "request-kinds@1", "cello", "--limit", "2").err
    assert datasets("augment", "request-kinds@1", "--list", "weekdays", "--template", "Hello! {question}").code == 0


def test_words_of_ones_own_come_from_a_file(datasets: DatasetCommands) -> None:
    (datasets.folder / "woods.yaml").write_text("words:\n  - [oak, elm, ash]\n")
    made = datasets("augment", "orders", "--with", "woods.yaml", "--copies", "2", "--json").document["datasets"][0]
    assert made["made_by"]["parameters"]["words"] == [["oak", "elm", "ash"]]
    assert made["examples"] > 50


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (["split", "orders", "--share", "held-out"], 2, "no number"),
        (["split", "orders", "--share", "held-out=2"], 2, "between 0 and 1"),
        (["split", "nothing"], 2, "nothing"),
        (["split", "orders", "--share", "a=0.01"], 3, "cannot be split"),
        (["mix", "orders"], 2, "weights"),
        (["mix", "orders=1", "orders=9", "--size", "100"], 3, "which has 21"),
        (["filter", "orders"], 2, "at least one condition"),
        (["filter", "orders", "--containing", "zebra"], 3, "No example"),
        (["repair", "orders", "--fix", "polish"], 2, "polish"),
        (["redact", "orders", "--kind", "dreams"], 2, "dreams"),
        (["balance", "orders", "--by", "colour"], 2, "by"),
        (["augment", "orders"], 2, "words, lists or templates"),
        (["augment", "orders", "--with", "none.yaml"], 3, "no such file"),
        (["paraphrase", "orders", "--model", "nobody"], 2, "nobody"),
        (["search", "orders", "x", "--role", "king"], 2, "king"),
        (["import", "sample:nothing"], 2, "stock-tools"),
        (["import", "orders.jsonl", "--name", "a@2"], 2, "'@'"),
        (["lineage", "orders@9"], 2, "orders@9"),
    ],
)
def test_what_cannot_be_done_is_a_sentence_with_a_way_out(
    datasets: DatasetCommands, arguments: list[str], code: int, words: str
) -> None:
    answer = datasets(*arguments)
    assert (answer.code, answer.out) == (code, ""), answer.err
    assert words in answer.err and "Try:" in answer.err and "Traceback" not in answer.err
