"""A recipe means the same after it was written to a file and read again."""

from pathlib import Path
from typing import Any, Literal, cast

import hypothesis.strategies as st
import yaml
from hypothesis import given, settings

from luthier.domain.adapters import LoraSettings
from luthier.domain.recipes import EvaluationSpec, Recipe
from luthier.kit.clock import SystemClock
from luthier.services.drafts import Drafts
from luthier.services.folders import Folders
from luthier.services.presets import Presets
from luthier.services.recipes import dump_recipe, make_recipe, parts_of, read_recipe

words = st.text(st.characters(exclude_categories=("Cs", "Cc")), min_size=1, max_size=30)
pins: st.SearchStrategy[dict[str, Any]] = st.fixed_dictionaries(
    {},
    optional={
        "epochs": st.floats(0.01, 100),
        "max_steps": st.integers(1, 10**6),
        "batch_size": st.integers(1, 4096),
        "learning_rate": st.floats(1e-6, 1e-1),
        "schedule": st.sampled_from(["linear", "cosine", "constant"]),
        "warmup_ratio": st.floats(0, 0.5),
        "seed": st.integers(0, 2**63 - 1),
        "overlong": st.sampled_from(["drop", "truncate", "refuse"]),
        "train_on": st.sampled_from(["assistant", "everything"]),
    },
)
recipes = st.builds(
    Recipe,
    name=st.none() | words,
    base=words,
    data=words,
    held_out=st.none() | words,
    columns=st.dictionaries(words, words, max_size=3),
    skip_bad_rows=st.booleans(),
    method=st.sampled_from(["sft", "cpt"]),
    adapter=st.builds(LoraSettings, rank=st.integers(1, 1024), alpha=st.floats(0.1, 4096), dropout=st.floats(0, 0.9)),
    settings=pins,
    evaluation=st.builds(EvaluationSpec, scorer=st.none() | st.sampled_from(["exact", "json", "off"])),
)


@given(recipe=recipes)
def test_a_recipe_survives_its_json(recipe: Recipe) -> None:
    assert Recipe.model_validate_json(recipe.model_dump_json()) == recipe


@given(recipe=recipes)
@settings(max_examples=60)
def test_a_recipe_survives_being_saved_and_loaded(tmp_path_factory: Any, recipe: Recipe) -> None:
    file: Path = tmp_path_factory.getbasetemp() / "recipe.yaml"
    file.write_text(dump_recipe(recipe), encoding="utf-8")
    assert read_recipe(file) == recipe


@given(recipe=recipes)
@settings(max_examples=60)
def test_a_saved_recipe_is_plain_yaml_to_any_reader(recipe: Recipe) -> None:
    assert yaml.safe_load(dump_recipe(recipe))["data"] == recipe.data


@given(recipe=recipes, form=st.sampled_from(["yaml", "json"]))
@settings(max_examples=100)
def test_a_preset_survives_being_exported_and_brought_in_elsewhere(
    tmp_path_factory: Any, recipe: Recipe, form: Literal["yaml", "json"]
) -> None:
    here, there = (presets_in(tmp_path_factory.mktemp("presets")) for _ in range(2))
    text = here.export(here.save("one", recipe).label, form)
    brought = there.bring_in(f"one.{form}", text, "two")
    assert brought.recipe == recipe
    assert there.export("two", form) == text


@given(recipe=recipes)
def test_a_recipe_survives_being_a_draft(recipe: Recipe) -> None:
    assert make_recipe(parts_of(recipe)) == recipe


def presets_in(folder: Path) -> Presets:
    folders = Folders(folder)
    folders.locks.mkdir()
    return Presets(cast("Drafts", None), folders, SystemClock())
