"""A recipe means the same after it was written to a file and read again."""

from pathlib import Path
from typing import Any

import hypothesis.strategies as st
import yaml
from hypothesis import given, settings

from luthier.domain.adapters import LoraSettings
from luthier.domain.recipes import EvaluationSpec, Recipe
from luthier.services.recipes import dump_recipe, read_recipe

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
