"""From a file to its doubtful rows in the terminal, and the same for scripts."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from luthier.cli.render.quality import bar
from tests.cli.running import InThisProcess, in_this_process
from tests.data.quality.planted import Speaker


@pytest.fixture
def cli(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Iterator[InThisProcess]:
    speaker = Speaker()
    items = [{"prompt": speaker.sentence(end="?"), "completion": speaker.text()} for _ in range(30)]
    items[4]["completion"] = "Write to anna@workshop.org or [bold]call[/bold]."
    path = tmp_path / "orders.jsonl"
    path.write_text("".join(json.dumps(item) + "\n" for item in items))
    with in_this_process(tmp_path, capsys) as cli:
        assert cli("datasets", "import", str(path)).code == 0
        yield cli


def test_a_dataset_is_scored_and_its_reasons_lead_to_the_rows(cli: InThisProcess) -> None:
    shown = cli("datasets", "score", "orders")
    assert shown.code == 0, shown.err
    assert "personal data" in shown.out and "luthier datasets score orders --reason personal" in shown.out
    rows = cli("datasets", "score", "orders", "--reason", "personal")
    assert "an e-mail address" in rows.out and "message 2, character 10" in rows.out and "row 5" in rows.out
    assert "[bold]call[/bold]" in rows.out
    page = cli("datasets", "score", "orders", "--below", "1", "--json").document
    assert [item["row"] for item in page["items"]] == [5]


def test_the_report_is_drawn_with_bars_and_says_every_figure(cli: InThisProcess) -> None:
    shown = cli("datasets", "report", "orders")
    assert shown.code == 0, shown.err
    assert "█" in shown.out and "Characters" in shown.out and "Latin" in shown.out and "assistant" in shown.out
    document = cli("datasets", "report", "orders", "--json").document
    assert (document["examples"], document["doubted"], document["tokens"]) == (30, 1, None)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("score", "nothing"), "nothing"),
        (("score", "orders", "--reason", "ugly"), "duplicate.exact"),
        (("score", "orders", "--against", "nowhere.jsonl"), "nowhere.jsonl"),
        (("report", "orders", "--base", "no such model"), "no such model"),
    ],
)
def test_what_cannot_be_done_is_said_in_a_sentence(cli: InThisProcess, arguments: tuple[str, ...], words: str) -> None:
    answer = cli("datasets", *arguments)
    assert (answer.code, answer.out) == (2, "")
    assert words in answer.err and "Try:" in answer.err and "Traceback" not in answer.err


def test_a_bar_is_as_long_as_its_share_and_what_is_there_is_seen() -> None:
    assert bar(0, 10) == ""
    assert len(bar(10, 10)) == 40
    assert bar(5, 10) == "█" * 20
    assert bar(1, 1_000_000) == "▏"
    assert bar(0, 0) == ""
