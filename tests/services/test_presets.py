"""Presets: versions that never change, files that travel, and everything that is wrong with one, with its line."""

from pathlib import Path

import pytest

from luthier.domain.presets import PresetNameInvalid, PresetNotFound, PresetTagInvalid
from luthier.domain.recipes import Recipe, RecipeInvalid
from luthier.kit.clock import SystemClock
from luthier.services.drafts import Drafts
from luthier.services.folders import Folders
from luthier.services.presets import Presets
from luthier.services.recipes import make_recipe


class NoRuns:
    """Presets start none."""


@pytest.fixture
def drafts(folders: Folders) -> Drafts:
    return Drafts(NoRuns(), folders, SystemClock())  # type: ignore[arg-type]


@pytest.fixture
def presets(drafts: Drafts, folders: Folders) -> Presets:
    folders.locks.mkdir()
    return Presets(drafts, folders, SystemClock())


def a_recipe(**values: object) -> Recipe:
    return make_recipe({"data": "orders.jsonl", **values})


def test_a_version_stays_as_it_was_when_the_next_is_saved(presets: Presets) -> None:
    presets.save("chat", a_recipe(**{"settings.epochs": 1}), origin="the run pegs")
    presets.save("chat", a_recipe(**{"settings.epochs": 2}))
    assert presets.recipe("chat@1").settings == {"epochs": 1}
    assert presets.recipe("chat").settings == {"epochs": 2}
    assert [(each.version, each.origin) for each in presets.versions("chat")] == [(2, ""), (1, "the run pegs")]


def test_saving_the_same_again_makes_no_version(presets: Presets) -> None:
    presets.save("chat", a_recipe())
    assert presets.save("chat", a_recipe()).versions == 1


def test_presets_are_found_by_name_tag_and_what_the_recipe_says(presets: Presets) -> None:
    presets.save("support", a_recipe(base="some/model"), tags=["german", "short answers"])
    presets.save("stories", a_recipe(**{"adapter.rank": 64}), tags=[])
    assert [each.name for each in presets.list("some/model")] == ["support"]
    assert [each.name for each in presets.list("rank")] == ["stories"]
    assert [each.name for each in presets.list(tag="german")] == ["support"]
    assert presets.tags() == ["german", "short answers"]


def test_tags_change_without_a_new_version_and_a_new_version_keeps_them(presets: Presets) -> None:
    presets.save("chat", a_recipe(), tags=["one"])
    assert presets.tag("chat", ["two"]).versions == 1
    assert presets.save("chat", a_recipe(base="some/model")).tags == ("two",)


@pytest.mark.parametrize("name", ["", "Chat", "../chat", "a/b", ".hidden", "x" * 61])
def test_a_name_that_no_file_should_have_is_refused(presets: Presets, name: str) -> None:
    with pytest.raises(PresetNameInvalid):
        presets.save(name, a_recipe())


def test_a_tag_of_signs_is_refused_and_nothing_is_saved(presets: Presets) -> None:
    with pytest.raises(PresetTagInvalid):
        presets.save("chat", a_recipe(), tags=["<b>"])
    assert presets.list() == []


@pytest.mark.parametrize("reference", ["chat@3", "chat@0", "chat@x", "other", "../chat"])
def test_what_is_not_there_is_said_with_what_is(presets: Presets, reference: str) -> None:
    presets.save("chat", a_recipe())
    with pytest.raises(PresetNotFound, match="there are: chat"):
        presets.get(reference)


YAML = "data: orders.jsonl\nsettings:\n  epochs: many\n  batch_size: 0\nadaptor:\n  rank: 8\n"
JSON = (
    '{\n  "data": "orders.jsonl",\n  "settings": {\n    "epochs": "many",\n    "batch_size": 0\n  },\n  "adaptor": 1\n}'
)


@pytest.mark.parametrize(("file", "text", "lines"), [("a.yaml", YAML, {3, 4, 5}), ("a.json", JSON, {4, 5, 7})])
def test_every_mistake_of_a_file_is_named_with_its_line(
    presets: Presets, file: str, text: str, lines: set[int]
) -> None:
    check = presets.check(file, text)
    assert check.recipe is None
    assert {(found.place.file, found.place.line) for found in check.findings} == {(file, line) for line in lines}
    assert all(found.suggestion for found in check.findings)
    with pytest.raises(RecipeInvalid, match=f"{file}, line"):
        presets.bring_in(file, text)


@pytest.mark.parametrize("text", ["", "- 1\n", "data: [", "data: a\ndata: b\n", "settings: {epochs: 1}\n", "1: 2\n"])
def test_a_file_that_is_no_recipe_is_a_finding_and_no_crash(presets: Presets, text: str) -> None:
    check = presets.check("a.yaml", text)
    assert check.recipe is None
    assert check.findings


def test_a_version_that_was_damaged_by_hand_is_shown_and_harms_no_other(presets: Presets, folders: Folders) -> None:
    presets.save("chat", a_recipe())
    presets.save("other", a_recipe())
    (folders.presets / "chat" / "0001.yaml").write_text("data: [")
    chat, other = presets.list()
    assert (chat.recipe, other.recipe is None) == (None, False)
    assert chat.problem is not None


def test_presets_are_there_when_only_their_recipe_files_are_left(presets: Presets, folders: Folders) -> None:
    presets.save("chat", a_recipe(), tags=["one"])
    (folders.presets / "chat" / "about.json").unlink()
    assert presets.get("chat").recipe == a_recipe()


def test_a_preset_in_a_draft_leaves_the_examples_that_were_chosen(presets: Presets, drafts: Drafts) -> None:
    presets.save("chat", a_recipe(held_out="proof.jsonl", **{"settings.epochs": 2}))
    draft = drafts.begin({"data": "mine@1"})
    values = presets.into_draft("chat", draft).values
    assert values == {"data": "mine@1", "settings.epochs": 2}
    assert presets.into_draft("chat").values["data"] == "orders.jsonl"


def test_a_file_beside_nothing_is_named_after_itself(presets: Presets, tmp_path: Path) -> None:
    assert presets.bring_in("My Recipe.yaml", "data: x.jsonl\n").name == "my-recipe"
    assert presets.bring_in("a.yaml", "name: Pegs & Nuts\ndata: x.jsonl\n").name == "pegs-nuts"
