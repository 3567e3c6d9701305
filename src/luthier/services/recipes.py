"""Recipe files and overrides to a Recipe, and back. Every complaint names the setting and its line, if it has one."""

import difflib
import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from luthier.domain.adapters import ADAPTER_KINDS
from luthier.domain.findings import Finding, Level, Place
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


class RecipeCheck(Frozen):
    """Of a file that somebody wants to bring in: the recipe, or all that is wrong with it."""

    recipe: Recipe | None = None
    findings: tuple[Finding, ...] = ()


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


def recipe_of(document: RecipeDocument) -> Recipe:
    """As it stands, with no regard to what lies beside it. Raises RecipeInvalid."""
    return _validated(document, {})


def check_recipe(document: RecipeDocument) -> RecipeCheck:
    """Everything that is wrong with it, not only the first, each with its line."""
    try:
        return RecipeCheck(recipe=_validated(document, {}))
    except RecipeInvalid as first:
        try:
            Recipe.model_validate({"data": None, **_with_plain_health(document.values)})
        except ValidationError as error:
            found = [_finding(document, path, reason) for path, reason in _complaints(error)]
            return RecipeCheck(findings=tuple(found))
        raise first from None


def parts_of(recipe: Recipe) -> dict[str, Any]:
    """What it says beyond the defaults, by dotted name: `make_recipe` turns that into the same recipe again."""
    parts: dict[str, Any] = {}
    for name, value in recipe.model_dump(mode="json", exclude_defaults=True).items():
        group = value if name in _GROUPS else None
        parts |= {name: value} if group is None else {f"{name}.{field}": each for field, each in group.items()}
    return parts


def dump_recipe(recipe: Recipe) -> str:
    """YAML that `read_recipe` turns into the same recipe again. What is at its default is left out."""
    return dump_yaml(recipe.model_dump(mode="json", exclude_defaults=True))


def parse_pin(text: str) -> tuple[str, Any]:
    """`learning_rate=1e-4` to ("settings.learning_rate", 0.0001); `adapter.rank=8` and the like name their group."""
    name, value = _pin_of(text, "--set")
    return name, parse_scalar(value)


def parse_sweep(text: str) -> tuple[str, list[Any]]:
    """`learning_rate=1e-4,3e-4` to ("settings.learning_rate", [0.0001, 0.0003])."""
    name, values = _pin_of(text, "--sweep")
    return name, [parse_scalar(value) for value in values.split(",")]


def _pin_of(text: str, option: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    name = name.strip()
    if not equals or not name:
        raise RecipeInvalid(where=f"{option} {text}", reason="it has to be written as name=value")
    parts = name.split(".")
    if len(parts) == 1:
        parts = ["settings", name]
    if len(parts) != 2 or parts[0] not in _GROUPS or parts[1] not in _names_of(_GROUPS[parts[0]]):
        raise RecipeInvalid(where=f"{option} {name}", reason=f"there is no such setting{_suggestion(name)}")
    return ".".join(parts), value


def _beside(path: Path, key: str, value: Any) -> dict[str, str]:
    if not isinstance(value, str) or Path(value).is_absolute():
        return {}
    neighbour = path.absolute().parent / value
    return {key: str(neighbour)} if os.path.exists(neighbour) else {}  # noqa: PTH110 - Path.exists raises on odd names


def _finding(document: RecipeDocument, path: tuple[str, ...], reason: str) -> Finding:
    name = ".".join(path)
    is_missing = name == "data" and "data" not in document.values
    return Finding(
        code=RecipeInvalid.code,
        level=Level.ERROR,
        sentence=f"{name}: {'it does not say which examples to train on' if is_missing else reason}.",
        place=Place(file=document.source.name if document.source else None, line=document.line_of(path)),
        suggestion="docs/reference/settings.md has every setting and its limits.",
        setting=name,
    )


def _with_plain_health(given: Mapping[str, Any]) -> dict[str, Any]:
    """Without empty groups; a policy alone, which an override may add to, in its group."""
    values = {name: value for name, value in given.items() if not (value is None and name in _GROUPS)}
    if isinstance(values.get("health"), str):
        values["health"] = {"policy": values["health"]}
    return values


def _validated(document: RecipeDocument, overrides: Mapping[str, Any]) -> Recipe:
    values = _with_plain_health(document.values)
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
        path, reason = next(_complaints(error))
        name = ".".join(path)
        where = f"--set {name}" if name in overrides and "." in name else document.place_of(path)
        raise RecipeInvalid(where=where, reason=reason) from None


def _complaints(error: ValidationError) -> Iterator[tuple[tuple[str, ...], str]]:
    """Each as the path of the value and a reason."""
    for each in error.errors(include_url=False):
        path = tuple(
            str(part) for part in each["loc"] if not str(part).startswith(("literal[", "tuple[", "constrained-"))
        )
        if path[:1] == ("adapter",) and path[1:2] and path[1] in ADAPTER_KINDS:
            path = path[:1] + path[2:]
        cause = each.get("ctx", {}).get("error")
        if isinstance(cause, ValidationError):
            yield from ((path + inner, reason) for inner, reason in _complaints(cause))
        elif each["type"] == "extra_forbidden":
            yield path, f"there is no such setting{_in_its_group(path)}"
        else:
            yield path, _reason_of(each["type"], each["msg"], each["input"])


def _reason_of(kind: str, message: str, given: Any) -> str:
    words = _WORDS.get(kind) or message[0].lower() + message[1:]
    shown = f", and it is {given!r}" if isinstance(given, str | int | float | bool) and len(str(given)) <= 60 else ""
    return words.replace("input should", "it should") + shown


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
