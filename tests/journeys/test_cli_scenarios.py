"""From a template to a dataset on the command line, with errors that an editor can jump to."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cli.running import InThisProcess, in_this_process
from tests.data.scenarios.builders import GOOD, bent


@pytest.fixture
def cli(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Iterator[InThisProcess]:
    (tmp_path / "scenes").mkdir()
    with in_this_process(tmp_path, capsys) as cli:
        yield cli


def test_a_scenario_goes_from_a_template_to_a_dataset(cli: InThisProcess) -> None:
    assert cli("scenarios", "new", "combat", "scenes/ford.md", "--title", "The ford").code == 0
    assert cli("scenarios", "new", "rest/the-long-bath", "scenes/bath").code == 0
    checked = cli("scenarios", "check", "scenes")
    assert checked.code == 0 and "no errors" in checked.out
    (bath, ford) = cli("scenarios", "index", "scenes", "--json").document
    assert (bath["file"], ford["title"], ford["category"]) == ("bath.md", "The ford", "combat")
    varied = cli("scenarios", "vary", "scenes", "--out", "varied", "--count", "6", "--json").document
    assert sorted(file["category"] for file in varied["files"]) == ["combat"] * 3 + ["rest"] * 3
    made = cli("scenarios", "convert", "varied", "--name", "scenes", "--json").document
    assert made["examples"] == sum(len(file.read_text().split("# DM\n")) - 1 for file in Path("varied").glob("*.md"))
    assert [dataset["name"] for dataset in cli("datasets", "list", "--json").document] == ["scenes"]


def test_a_scenario_of_the_workspace_is_renamed_removed_and_put_back(cli: InThisProcess) -> None:
    folder = cli.folder / "workspace" / "scenarios"
    folder.mkdir(parents=True)
    (folder / "ford.md").write_text(GOOD)
    assert cli("scenarios", "rename", "ford.md", "river/ferry").code == 0
    removed = cli("scenarios", "remove", "river/ferry.md")
    assert "luthier scenarios put-back river/ferry.md" in removed.out + removed.err
    assert cli("scenarios", "removed", "--json").document == ["river/ferry.md"]
    assert cli("scenarios", "put-back", "river/ferry.md").code == 0
    assert (folder / "river" / "ferry.md").read_text() == GOOD
    assert "None was removed." in cli("scenarios", "removed").out
    assert cli("scenarios", "remove", "ford.md").code == 2


def test_findings_come_as_lines_that_an_editor_understands(cli: InThisProcess) -> None:
    Path("scenes/a.md").write_text(bent("Total: 13", "Total: 14").replace("- Level: 2", "- Level: many"))
    answer = cli("scenarios", "check", "scenes", "--format", "editor")
    assert answer.code == 3
    assert answer.out.splitlines() == [
        "scenes/a.md:26:10: error scenario.character_field_type 'many' is no value for Level. "
        "Give a whole number from 1 to 20.",
        "scenes/a.md:47:10: error scenario.total_wrong The total is 14, but rolls 10 plus modifier 3 makes 13. "
        "Write - Total: 13",
    ]
    alone = cli("scenarios", "check", "scenes/a.md", "--format", "editor")
    assert alone.out == answer.out


def test_a_batch_ends_with_a_table_and_exit_code_3(cli: InThisProcess) -> None:
    Path("scenes/good.md").write_text(GOOD)
    Path("scenes/bad.md").write_text(bent("Outcome: success", "Outcome: failure"))
    Path("scenes/README.md").write_text("# About\n")
    answer = cli("scenarios", "check", "scenes")
    assert answer.code == 3
    assert "bad.md, line 48, character 12" in answer.out
    assert "social" in answer.out and "README.md" in answer.out
    document = cli("scenarios", "check", "scenes", "--json").document
    assert (document["errors"], document["categories"], document["passed_over"]) == (1, {"social": 2}, ["README.md"])


def test_formatting_is_checked_and_then_done(cli: InThisProcess) -> None:
    Path("scenes/a.md").write_text(GOOD.replace("# User\n\n", "# user\n"))
    assert cli("scenarios", "format", "scenes", "--check").code == 3
    assert cli("scenarios", "format", "scenes").code == 0
    assert cli("scenarios", "format", "scenes", "--check").code == 0
    assert Path("scenes/a.md").read_text() == GOOD


def test_examples_are_written_as_a_file_with_calls_as_text(cli: InThisProcess) -> None:
    Path("scenes/a.md").write_text(GOOD)
    answer = cli("scenarios", "convert", "scenes", "--to", "out.jsonl", "--as-text", "--each", "scenario")
    assert answer.code == 0 and "1 example of 1 scenario" in answer.out
    (line,) = Path("out.jsonl").read_text().splitlines()
    assert "[roll: persuasion dc=12 mod=+3]" in json.loads(line)["messages"][2]["content"]


def test_a_folder_of_scenarios_is_a_source_of_examples_like_any_other(cli: InThisProcess) -> None:
    Path("scenes/good.md").write_text(GOOD)
    Path("scenes/README.md").write_text("# About\n\nThese are scenes.\n")
    report = cli("datasets", "check", "scenes", "--json").document
    assert (report["examples"], report["errors"], report["mapping"]["shape"]) == (2, 0, "messages")
    Path("scenes/bad.md").write_text(bent("Total: 13", "Total: 14"))
    answer = cli("datasets", "check", "scenes")
    assert answer.code == 3 and "bad.md, line 47, character 10" in answer.out
    assert cli("datasets", "import", "scenes", "--skip-bad-rows", "--json").document["examples"] == 2


def test_templates_are_listed_and_shown(cli: InThisProcess) -> None:
    listed = cli("scenarios", "templates", "--json").document
    assert [item["name"] for item in listed if item["is_template"]] == [
        "combat",
        "exploration",
        "puzzle",
        "rest",
        "shopping",
        "social",
    ]
    assert cli("scenarios", "templates", "--show", "puzzle").out.startswith("---\ntitle: The room with four stones\n")


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (["check", "nowhere"], 2, "nowhere"),
        (["check", "scenes"], 3, "holds no scenario"),
        (["new", "fight", "x.md"], 2, "luthier scenarios templates"),
        (["new", "combat", "taken.md"], 1, "taken.md is there already"),
        (["convert", "scenes"], 2, "--name NAME"),
        (["vary", "taken.md", "--out", "taken.md"], 2, "lies inside of"),
        (["check", "taken.md", "--grammar", "none.toml"], 3, "none.toml"),
    ],
)
def test_what_cannot_be_done_is_a_sentence_with_a_way_out(
    cli: InThisProcess, arguments: list[str], code: int, words: str
) -> None:
    Path("taken.md").write_text(GOOD)
    answer = cli("scenarios", *arguments)
    assert (answer.code, answer.out) == (code, "")
    assert words in answer.err and "Try:" in answer.err and "Traceback" not in answer.err


def test_what_is_in_a_scenario_cannot_steer_the_terminal(cli: InThisProcess) -> None:
    Path("scenes/a.md").write_text(
        GOOD.replace("title: The ferry", 'title: "\\e[2J[bold]"').replace("Total: 13", "Total: \x1b[2J")
    )
    for arguments in (["check", "scenes"], ["check", "scenes", "--format", "editor"], ["index", "scenes"]):
        answer = cli("scenarios", *arguments)
        assert "\x1b" not in answer.out
