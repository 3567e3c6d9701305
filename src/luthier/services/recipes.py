"""Recipe files and overrides to a Recipe, and back. Every complaint names the setting and its line, if it has one."""

import difflib
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from luthier.domain.adapters import ADAPTER_KINDS
from luthier.domain.recipes import Budget, EvaluationSpec, HealthSpec, Recipe, RecipeInvalid, TrainingSettings
from luthier.kit.frozen import Frozen
from luthier.services.recipe_files import RecipeDocument, dump_yaml, parse_scalar, read_document

_GROUPS: dict[str, tuple[type[Frozen], ...]] = {
    "settings": (TrainingSettings,),
    "adapter": tuple(ADAPTER_KINDS.values()),
    "evaluation": (EvaluationSpec,),
    "budget": (Budget,),
    "health": (HealthSpec,),
}

_WORDS = {  # where the validator speaks of Python types
    "string_type": "it should be text (put it in quotes)",
    "int_parsing": "it should be a whole number",
    "int_from_float": "it should be a whole number",
    "int_type": "it should be a whole number",
    "float_parsing": "it should be a number",
    "float_type": "it should be a number",
    "bool_parsing": "it should be true or false",
    "bool_type": "it should be true or false",
    "dict_type": "it should be a group of `name: value` lines",
    "model_type": "it should be a group of `name: value` lines",
    "tuple_type": "it should be a list",
}


def read_recipe(path: Path, overrides: Mapping[str, Any] | None = None) -> Recipe:
    """The recipe in a YAML or JSON file; `overrides` (dotted names, e.g. `adapter.rank`) win over what it says.

    `data`, `held_out` and `base` that name something beside the recipe file are taken from there; anything else
    is a path from the current folder, or a name. Raises RecipeUnreadable and RecipeInvalid.
    """
    document = read_document(path)
    for key in ("data", "held_out", "base"):
        document.values.update(_beside(path, key, document.values.get(key)))
    return _validated(document, overrides or {})


def make_recipe(values: Mapping[str, Any]) -> Recipe:
    """A recipe from dotted names alone, e.g. `{"data": "orders.jsonl", "settings.epochs": 2}`."""
    return _validated(RecipeDocument(source=None, values={}, lines={}), values)


def change_recipe(recipe: Recipe, changes: Mapping[str, Any]) -> Recipe:
    """The same recipe, but for `changes` (dotted names). Raises RecipeInvalid."""
    values = recipe.model_dump(mode="json", exclude_defaults=True)
    return _validated(RecipeDocument(source=None, values=values, lines={}), changes)


def dump_recipe(recipe: Recipe) -> str:
    """YAML that `read_recipe` turns into the same recipe again. What is at its default is left out."""
    return dump_yaml(recipe.model_dump(mode="json", exclude_defaults=True))


def parse_pin(text: str) -> tuple[str, Any]:
    """`learning_rate=1e-4` to ("settings.learning_rate", 0.0001); `adapter.rank=8` and the like name their group."""
    name, equals, value = text.partition("=")
    name = name.strip()
    if not equals or not name:
        raise RecipeInvalid(where=f"--set {text}", reason="it has to be written as name=value")
    parts = name.split(".")
    if len(parts) == 1:
        parts = ["settings", name]
    if len(parts) != 2 or parts[0] not in _GROUPS or parts[1] not in _names_of(_GROUPS[parts[0]]):
        raise RecipeInvalid(where=f"--set {name}", reason=f"there is no such setting{_suggestion(name)}")
    return ".".join(parts), parse_scalar(value)


def _beside(path: Path, key: str, value: Any) -> dict[str, str]:
    if not isinstance(value, str) or Path(value).is_absolute():
        return {}
    neighbour = path.absolute().parent / value
    return {key: str(neighbour)} if os.path.exists(neighbour) else {}  # noqa: PTH110 - Path.exists raises on odd names


def _validated(document: RecipeDocument, overrides: Mapping[str, Any]) -> Recipe:
    values = {name: value for name, value in document.values.items() if not (value is None and name in _GROUPS)}
    if isinstance(values.get("health"), str):  # a policy alone, which an override may add to
        values["health"] = {"policy": values["health"]}
    for name, value in overrides.items():
        group, _, field = name.partition(".")
        if not field:
            values[group] = value
        elif isinstance(values.get(group, {}), dict):
            values[group] = {**values.get(group, {}), field: value}
    if "data" not in values:
        raise RecipeInvalid(where="data", reason="it does not say which examples to train on")
    try:
        return Recipe.model_validate(values)
    except ValidationError as error:
        path, reason = _first_complaint(error)
        name = ".".join(path)
        where = f"--set {name}" if name in overrides and "." in name else document.place_of(path)
        raise RecipeInvalid(where=where, reason=reason) from None


def _first_complaint(error: ValidationError) -> tuple[tuple[str, ...], str]:
    first = error.errors(include_url=False)[0]
    path = tuple(str(part) for part in first["loc"] if not str(part).startswith(("literal[", "tuple[", "constrained-")))
    if path[:1] == ("adapter",) and path[1:2] and path[1] in ADAPTER_KINDS:
        path = path[:1] + path[2:]
    cause = first.get("ctx", {}).get("error")
    if isinstance(cause, ValidationError):
        inner, reason = _first_complaint(cause)
        return path + inner, reason
    if first["type"] == "extra_forbidden":
        return path, f"there is no such setting{_in_its_group(path)}"
    message = _WORDS.get(first["type"]) or first["msg"][0].lower() + first["msg"][1:]
    given = first["input"]
    shown = f", and it is {given!r}" if isinstance(given, str | int | float | bool) and len(str(given)) <= 60 else ""
    return path, message.replace("input should", "it should") + shown


def _in_its_group(path: tuple[str, ...]) -> str:
    """Kinds of adapters differ in their settings: one that exists elsewhere is no slip of the pen."""
    if path[:1] == ("adapter",) and path[-1] in _names_of(_GROUPS["adapter"]):
        return " for this kind of adapter"
    return _suggestion(".".join(path))


def _suggestion(name: str) -> str:
    """The existing setting that was probably meant, found by its last part."""
    models: dict[str, tuple[type[Frozen], ...]] = {"": (Recipe,), **_GROUPS}
    known = {
        field: f"{group}.{field}" if group else field
        for group, model in models.items()
        for field in _names_of(model)
        if field != "kind"
    }
    close = difflib.get_close_matches(name.rsplit(".", 1)[-1], known, n=1, cutoff=0.6)
    return f" (did you mean {known[close[0]].removeprefix('settings.')}?)" if close else ""


def _names_of(models: tuple[type[Frozen], ...]) -> list[str]:
    return list(dict.fromkeys(name for model in models for name in model.model_fields))
