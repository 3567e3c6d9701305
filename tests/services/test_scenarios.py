"""Scenarios are begun, formatted, varied and kept without ever losing a file or keeping a broken one."""

import json
from pathlib import Path

import pytest

from luthier.data.scenarios.packaged import patterns
from luthier.domain.datasets import Shape
from luthier.domain.jobs import Progress
from luthier.domain.scenarios import (
    ScenarioFileExists,
    ScenarioOptions,
    ScenarioPathMissing,
    ScenariosHaveErrors,
    ScenariosNone,
    ScenariosTooMany,
    ScenarioTargetWrong,
    ScenarioVariationWrong,
)
from luthier.kit.clock import SystemClock
from luthier.services.dataset_shelf import Shelf
from luthier.services.folders import Folders
from luthier.services.scenario_datasets import ScenarioDatasets
from luthier.services.scenarios import Scenarios
from luthier.store import Store
from tests.data.scenarios.builders import GOOD, bent

CATEGORIES = ("combat", "puzzle", "rest")


@pytest.fixture
def shelf(store: Store, folders: Folders) -> Shelf:
    return Shelf(store, folders, SystemClock())


@pytest.fixture
def scenarios(shelf: Shelf) -> Scenarios:
    return Scenarios(ScenarioDatasets(shelf, SystemClock()))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "scenes"
    made.mkdir()
    for name in CATEGORIES:
        (made / f"{name}.md").write_text(bent("category: social", f"category: {name}"))
    (made / "rest-again.md").write_text(bent("category: social", "category: rest"))
    return made


def test_every_template_and_example_begins_a_sound_scenario(scenarios: Scenarios, tmp_path: Path) -> None:
    for number, pattern in enumerate(patterns()):
        made = scenarios.new(pattern.name, str(tmp_path / f"new{number}"), title="A tale: two")
        report = scenarios.check(str(made))
        assert (made.suffix, report.findings, report.entries[0].title) == (".md", (), "A tale: two")


def test_a_file_that_is_there_is_left_alone(scenarios: Scenarios, tmp_path: Path) -> None:
    (tmp_path / "mine.md").write_text("mine")
    for name in ("mine.md", "mine", "."):
        with pytest.raises(ScenarioFileExists):
            scenarios.new("combat", str(tmp_path / name))
    assert (tmp_path / "mine.md").read_text() == "mine"


def test_a_folder_with_too_much_in_it_is_refused_before_it_is_read(scenarios: Scenarios, folder: Path) -> None:
    with pytest.raises(ScenariosTooMany, match="3 Markdown files"):
        scenarios.check(str(folder), most=3)
    assert len(scenarios.check(str(folder), most=4).entries) == 4


def test_an_index_is_filtered_by_category_and_by_tag(scenarios: Scenarios, folder: Path) -> None:
    assert [entry.file for entry in scenarios.index(str(folder), category="rest")] == ["rest-again.md", "rest.md"]
    assert len(scenarios.index(str(folder), tag="river")) == 4
    assert scenarios.index(str(folder), tag="lake") == []


def test_formatting_is_done_once_and_checking_it_changes_nothing(scenarios: Scenarios, folder: Path) -> None:
    untidy = GOOD.replace("# User\n\n", "# user\n").replace("\n", "\r\n")
    (folder / "combat.md").write_bytes(untidy.encode())
    checked = [file.file for file in scenarios.format(str(folder), write=False) if file.changed]
    assert (checked, (folder / "combat.md").read_bytes()) == (["combat.md"], untidy.encode())
    scenarios.format(str(folder))
    assert (folder / "combat.md").read_text() == GOOD
    assert not any(file.changed for file in scenarios.format(str(folder)))


def test_nothing_is_formatted_when_one_file_cannot_be_read(scenarios: Scenarios, folder: Path) -> None:
    untidy = GOOD.replace("# User\n\n", "# user\n").encode()
    (folder / "combat.md").write_bytes(untidy)
    (folder / "rest.md").write_bytes(GOOD.encode().replace(b"river", b"r\xffver"))
    with pytest.raises(ScenariosHaveErrors):
        scenarios.format(str(folder))
    assert (folder / "combat.md").read_bytes() == untidy


def test_variations_are_balanced_all_different_sound_and_the_same_again(
    scenarios: Scenarios, folder: Path, tmp_path: Path
) -> None:
    first = scenarios.vary(str(folder), str(tmp_path / "one"), count=30, seed=5)
    again = scenarios.vary(str(folder), str(tmp_path / "two"), count=30, seed=5)
    assert first.files == again.files and first.equal_left_out == 0
    for file in first.files:
        assert (tmp_path / "one" / file.file).read_bytes() == (tmp_path / "two" / file.file).read_bytes()
    report = scenarios.check(str(tmp_path / "one"))
    assert report.errors == 0 and len(report.entries) == 30
    assert report.categories == {"combat": 10, "puzzle": 10, "rest": 10}
    texts = {(tmp_path / "one" / file.file).read_text().split("\n---\n")[1] for file in first.files}
    assert len(texts) == 30


def test_a_variation_that_would_be_broken_is_not_written(scenarios: Scenarios, folder: Path, tmp_path: Path) -> None:
    """A code block that begins in one alternative and ends behind the span."""
    (folder / "rest.md").write_text(bent("The rope creaks.", "{a\n```\n| b}\n```"))
    with pytest.raises(ScenarioVariationWrong, match=r"rest\.md"):
        scenarios.vary(str(folder / "rest.md"), str(tmp_path / "out"), count=20)
    assert all(scenarios.check(str(file)).errors == 0 for file in (tmp_path / "out").glob("*"))


def test_variations_that_come_out_alike_are_counted_and_not_written(
    scenarios: Scenarios, folder: Path, tmp_path: Path
) -> None:
    keep = "keep: [names, inventory, experience, dice, phrasing]"
    (folder / "rest.md").write_text(GOOD.replace("category: social\n", f"category: rest\nvary:\n  {keep}\n"))
    made = scenarios.vary(str(folder / "rest.md"), str(tmp_path / "out"), count=3)
    assert (len(made.files), made.equal_left_out) == (1, 2)


def test_progress_is_told_and_can_end_the_work(scenarios: Scenarios, folder: Path, tmp_path: Path) -> None:
    def stop_at_the_third(progress: Progress) -> None:
        assert progress.total == 9
        if progress.done == 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        scenarios.vary(str(folder), str(tmp_path / "out"), count=9, on_progress=stop_at_the_third)
    assert scenarios.check(str(tmp_path / "out")).errors == 0
    assert len(list((tmp_path / "out").iterdir())) == 2


def test_what_is_varied_is_not_written_among_its_sources(scenarios: Scenarios, folder: Path) -> None:
    for target in (folder, folder / "varied"):
        with pytest.raises(ScenarioTargetWrong):
            scenarios.vary(str(folder), str(target), count=3)


def test_a_broken_scenario_stops_variation_and_conversion_with_its_place(
    scenarios: Scenarios, folder: Path, tmp_path: Path
) -> None:
    (folder / "puzzle.md").write_text(bent("Total: 13", "Total: 14"))
    with pytest.raises(ScenariosHaveErrors, match=r"puzzle\.md, line 47, character 10"):
        scenarios.vary(str(folder), str(tmp_path / "out"), count=3)
    with pytest.raises(ScenariosHaveErrors):
        scenarios.convert(str(folder), str(tmp_path / "out.jsonl"))
    assert not (tmp_path / "out").exists() and not (tmp_path / "out.jsonl").exists()


def test_examples_are_written_as_json_lines(scenarios: Scenarios, folder: Path, tmp_path: Path) -> None:
    made = scenarios.convert(str(folder), str(tmp_path / "out.jsonl"))
    lines = [json.loads(line) for line in (tmp_path / "out.jsonl").read_text().splitlines()]
    assert (made.scenarios, made.examples, len(lines)) == (4, 8, 8)
    assert all(line["messages"][-1]["role"] == "assistant" for line in lines)
    assert scenarios.convert(str(folder), str(tmp_path / "whole.jsonl"), each="scenario").examples == 4


def test_a_folder_becomes_a_dataset_that_names_its_source(scenarios: Scenarios, folder: Path) -> None:
    dataset = scenarios.keep(str(folder), name="scenes", options=ScenarioOptions(as_tools=False))
    assert (dataset.name, dataset.shape, dataset.examples) == ("scenes", Shape.MESSAGES, 8)
    assert dataset.source == str(folder)
    assert dataset.report.examples == 8 and dataset.report.previews
    assert dataset.made_by is not None
    assert dataset.made_by.parameters == {"scenarios": {"each": "turn", "as_tools": False}}
    assert scenarios.keep(str(folder), options=ScenarioOptions(as_tools=False)).dataset_id == dataset.dataset_id


def test_a_place_that_is_not_there_or_holds_nothing_is_said_plainly(scenarios: Scenarios, tmp_path: Path) -> None:
    with pytest.raises(ScenarioPathMissing):
        scenarios.check(str(tmp_path / "none"))
    (tmp_path / "README.md").write_text("# Read me\n")
    for ask in (scenarios.check, scenarios.format):
        with pytest.raises(ScenariosNone):
            ask(str(tmp_path))


def test_a_text_that_is_being_written_is_checked_without_a_file(scenarios: Scenarios) -> None:
    report = scenarios.check_text(bent("Total: 13", "Total: 14"))
    assert [str(finding.place) for finding in report.findings] == ["scenario.md, line 47, character 10"]
