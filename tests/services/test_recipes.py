import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from luthier.domain.adapters import DoraSettings, FullSettings, LoraSettings
from luthier.domain.recipes import EvaluationSpec, HealthSpec, Recipe, RecipeInvalid, RecipeUnreadable
from luthier.services.recipe_files import read_document
from luthier.services.recipes import dump_recipe, make_recipe, parse_pin, read_recipe


def _write(folder: Path, text: str, name: str = "recipe.yaml") -> Path:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


def test_a_recipe_file_says_what_to_train_and_leaves_the_rest_open(tmp_path: Path) -> None:
    path = _write(tmp_path, "data: orders.jsonl\nsettings:\n  learning_rate: 1e-4\nadapter:\n  rank: 8\n")
    recipe = read_recipe(path)
    assert (recipe.data, recipe.base, recipe.adapter.rank) == ("orders.jsonl", "starter", 8)
    assert recipe.settings == {"learning_rate": 1e-4}


def test_the_same_recipe_in_json_is_the_same_recipe(tmp_path: Path) -> None:
    document = {"data": "orders.jsonl", "method": "cpt", "evaluation": {"scorer": "off"}}
    as_json = read_recipe(_write(tmp_path, json.dumps(document), "recipe.json"))
    as_yaml = read_recipe(_write(tmp_path, "data: orders.jsonl\nmethod: cpt\nevaluation:\n  scorer: off\n"))
    assert as_json == as_yaml


TEXT = st.text(
    st.characters(exclude_categories=["Cs", "Cc"], exclude_characters="\x85\u2028\u2029\ufeff./"), min_size=1
)
TRICKY = st.sampled_from(
    ["off", "yes", "1e-3", "0x10", "010", "1:30", "2026-01-31", "null", "~", "a: b", "- x", "#", " "]
)
RECIPES = st.builds(
    Recipe,
    name=st.none() | TEXT | TRICKY,
    base=TEXT | TRICKY,
    data=TEXT | TRICKY,
    columns=st.dictionaries(TEXT | TRICKY, TEXT | TRICKY, max_size=3),
    method=st.sampled_from(["sft", "cpt"]),
    skip_bad_rows=st.booleans(),
    adapter=st.builds(LoraSettings, rank=st.integers(1, 64), targets=st.just("all-linear") | st.just(("q_proj",)))
    | st.builds(DoraSettings, kind=st.just("dora"), rank=st.integers(1, 64))
    | st.builds(FullSettings, kind=st.just("full")),
    settings=st.fixed_dictionaries(
        {}, optional={"learning_rate": st.floats(1e-6, 1e-1), "seed": st.integers(0, 2**62)}
    ),
    evaluation=st.builds(EvaluationSpec, scorer=st.sampled_from([None, "exact", "json", "off"])),
)


@given(recipe=RECIPES)
def test_a_recipe_survives_being_written_and_read(recipe: Recipe, tmp_path_factory: pytest.TempPathFactory) -> None:
    path = _write(tmp_path_factory.mktemp("recipes"), dump_recipe(recipe))
    assert read_recipe(path) == recipe


@pytest.mark.parametrize(
    ("text", "where", "reason"),
    [
        ("data: a\nsettings:\n  learning_rat: 1e-4\n", "settings.learning_rat (recipe.yaml, line 3)", "learning_rate?"),
        ("data: a\nsettings:\n  learning_rate: 5\n", "settings.learning_rate (recipe.yaml, line 3)", "it is 5"),
        ("data: a\nadapter:\n  rank: large\n", "adapter.rank (recipe.yaml, line 3)", "whole number, and it is 'large'"),
        (
            "data: a\nadapter:\n  kind: lore\n",
            "adapter (recipe.yaml, line 2)",
            "one of lora, dora, adalora, vera, ia3, full",
        ),
        ("data: a\nadapter:\n  kind: full\n  rank: 8\n", "adapter.rank (recipe.yaml, line 4)", "no such setting"),
        ("data: a\nadaptor: {}\n", "adaptor (recipe.yaml, line 2)", "did you mean adapter?"),
        ("data: a\nmethod: dop\n", "method (recipe.yaml, line 2)", "'reward' or 'grpo', and it is 'dop'"),
        ("data: a\nsettings: 3\n", "settings (recipe.yaml, line 2)", "a group of `name: value` lines"),
        ("data: 1000\n", "data (recipe.yaml, line 1)", "put it in quotes"),
        ("base: starter\n", "data", "which examples"),
        ("data: a\nbase: b\ndata: c\n", "data (recipe.yaml, lines 1 and 3)", "given twice"),
    ],
)
def test_a_mistake_in_a_recipe_is_named_with_its_line(tmp_path: Path, text: str, where: str, reason: str) -> None:
    with pytest.raises(RecipeInvalid) as caught:
        read_recipe(_write(tmp_path, text))
    assert caught.value.problem.fields["where"] == where
    assert reason in str(caught.value.problem.fields["reason"])


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("data: [a\n", "line 2, column 1"),
        ("", "does not hold"),
        ("- a\n- b\n", "does not hold"),
        ("data: !!python/object:os.system x\n", "line 1"),
        ("data: \x00\n", "not valid YAML"),
        ("a: " * 20_000, "not valid YAML"),
        ("[" * 5000, "not valid YAML"),
        ("data: 2\n" + "x" * (1 << 20), "larger than 1 MB"),
    ],
)
def test_a_file_that_is_no_recipe_is_refused_with_a_place(tmp_path: Path, text: str, reason: str) -> None:
    with pytest.raises(RecipeUnreadable) as caught:
        read_recipe(_write(tmp_path, text))
    assert reason in str(caught.value.problem.fields["reason"])


@pytest.mark.parametrize(
    ("text", "reason"),
    [('{"data": "a",}', "line 1, column 14"), ("[" * 5000, "not valid JSON"), ('{"data": ' + "9" * 5000 + "}", "JSON")],
)
def test_a_json_file_that_is_no_recipe_is_refused_with_a_place(tmp_path: Path, text: str, reason: str) -> None:
    with pytest.raises(RecipeUnreadable) as caught:
        read_recipe(_write(tmp_path, text, "recipe.json"))
    assert reason in str(caught.value.problem.fields["reason"])


def test_a_missing_recipe_and_one_in_another_encoding_say_so(tmp_path: Path) -> None:
    with pytest.raises(RecipeUnreadable, match="there is no such file"):
        read_recipe(tmp_path / "none.yaml")
    path = tmp_path / "latin.yaml"
    path.write_bytes("data: ä".encode("latin-1"))
    with pytest.raises(RecipeUnreadable, match="not UTF-8 at byte 6"):
        read_recipe(path)


def test_a_yaml_file_that_unfolds_to_a_billion_values_is_answered_at_once(tmp_path: Path) -> None:
    levels = [f"l{n}: &l{n} [{', '.join([f'*l{n - 1}'] * 10)}]" for n in range(1, 12)]
    text = "l0: &l0 [x]\n" + "\n".join(levels) + "\ndata: *l11\n"
    with pytest.raises(RecipeInvalid):
        read_recipe(_write(tmp_path, text))


def test_data_beside_the_recipe_is_found_from_any_folder(tmp_path: Path) -> None:
    (tmp_path / "orders.jsonl").write_text("{}")
    recipe = read_recipe(_write(tmp_path, "data: orders.jsonl\nheld_out: elsewhere.jsonl\n"))
    assert (recipe.data, recipe.held_out) == (str(tmp_path / "orders.jsonl"), "elsewhere.jsonl")


def test_a_name_that_no_file_can_have_is_left_as_it_is(tmp_path: Path) -> None:
    name = "a" * 5000
    assert read_recipe(_write(tmp_path, f"data: {name}\n")).data == name


def test_what_is_said_on_the_command_line_wins_over_the_file(tmp_path: Path) -> None:
    path = _write(tmp_path, "data: a\nsettings:\n  epochs: 3\n  seed: 4\n")
    recipe = read_recipe(path, {"base": "other", "settings.epochs": 1, "adapter.rank": 4})
    assert (recipe.base, recipe.settings, recipe.adapter.rank) == ("other", {"epochs": 1.0, "seed": 4}, 4)


def test_a_group_with_everything_commented_out_is_an_empty_group(tmp_path: Path) -> None:
    assert read_recipe(_write(tmp_path, "data: a\nsettings:\n  # epochs: 3\n")).settings == {}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("learning_rate=1e-4", ("settings.learning_rate", 1e-4)),
        ("adapter.rank=8", ("adapter.rank", 8)),
        ("adapter.targets=[q_proj, v_proj]", ("adapter.targets", ["q_proj", "v_proj"])),
        ("evaluation.scorer=off", ("evaluation.scorer", "off")),
        ("health.attempts=5", ("health.attempts", 5)),
        ("max_steps=null", ("settings.max_steps", None)),
    ],
)
def test_a_pin_names_a_setting_and_its_value(text: str, expected: object) -> None:
    assert parse_pin(text) == expected


def test_health_may_be_its_policy_alone_and_what_is_said_besides_adds_to_it(tmp_path: Path) -> None:
    path = _write(tmp_path, "data: a\nhealth: off\n")
    assert read_recipe(path).health == HealthSpec(policy="off", attempts=3)
    assert read_recipe(path, {"health.attempts": 9}).health == HealthSpec(policy="off", attempts=9)
    with pytest.raises(RecipeInvalid, match=r"health.policy.*'off', 'ask' or 'automatic'"):
        read_recipe(_write(tmp_path, "data: a\nhealth: sometimes\n"))


@pytest.mark.parametrize(
    ("text", "hint"),
    [("epochs", "name=value"), ("rank=8", "adapter.rank?"), ("epoch=2", "epochs?"), ("=3", "name=value")],
)
def test_a_pin_that_cannot_be_understood_says_what_was_probably_meant(text: str, hint: str) -> None:
    with pytest.raises(RecipeInvalid, match=hint.replace("?", r"\?")):
        parse_pin(text)


def test_a_pin_outside_its_limits_is_named_as_it_was_typed() -> None:
    with pytest.raises(RecipeInvalid) as caught:
        make_recipe({"data": "a", "settings.epochs": 1000})
    assert caught.value.problem.fields["where"] == "--set settings.epochs"


def test_lines_of_a_document_count_from_one(tmp_path: Path) -> None:
    document = read_document(_write(tmp_path, "\ndata: a\n"))
    assert document.lines == {("data",): 2}
