"""`luthier recipes`: what is kept, what is refused, and what scripts are told."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cli.running import InThisProcess, in_this_process

GOOD = "data: orders.jsonl\nsettings:\n  epochs: 2\n"


@pytest.fixture
def run(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Iterator[InThisProcess]:
    with in_this_process(tmp_path, capsys) as command:
        yield command


def test_a_recipe_is_brought_in_found_exported_and_deleted(run: InThisProcess, tmp_path: Path) -> None:
    file = tmp_path / "chat.yaml"
    file.write_text(GOOD)
    assert run("recipes", "import", str(file), "--tag", "german").code == 0
    listed = json.loads(run("recipes", "list", "--tag", "german", "--json").out)
    assert [(each["name"], each["version"]) for each in listed] == [("chat", 1)]
    assert run("recipes", "save", "chat", "--file", str(file)).code == 0
    assert len(json.loads(run("recipes", "versions", "chat", "--json").out)) == 1  # it says the same
    assert json.loads(run("recipes", "export", "chat", "--format", "json").out)["settings"] == {"epochs": 2.0}
    assert "epochs: 2" in run("recipes", "show", "chat").out
    assert "tagged wood" in run("recipes", "tag", "chat", "wood").out
    assert run("recipes", "delete", "chat").code == 0
    assert run("recipes", "show", "chat").code == 2


def test_a_recipe_with_mistakes_shows_all_of_them_and_is_not_kept(run: InThisProcess, tmp_path: Path) -> None:
    file = tmp_path / "bad.yaml"
    file.write_text("data: a\nsettings:\n  epochs: many\n  batch_size: 0\n")
    done = run("recipes", "import", str(file))
    assert done.code == 3
    assert "bad.yaml, line 3" in done.out
    assert "bad.yaml, line 4" in done.out
    assert json.loads(run("recipes", "list", "--json").out) == []


def test_models_can_be_searched_without_a_network(run: InThisProcess) -> None:
    done = run("models", "search", "0.5B", "--json")
    assert done.code == 0
    assert [card["name"] for card in done.document["cards"]] == ["Qwen/Qwen2.5-0.5B-Instruct"]
