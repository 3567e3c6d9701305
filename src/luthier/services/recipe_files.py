"""YAML and JSON as recipes are written in them: YAML 1.2 scalars, no key twice, and the line of every value."""

import itertools
import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from luthier.domain.recipes import RecipeInvalid, RecipeUnreadable
from luthier.kit.files import NoSmallText, read_small_text

_MOST_BYTES = 1_000_000  # a recipe is a page of text; something larger is some other file
_CORE_SCHEMA = (  # YAML 1.2, section 10.3.2: 1e-4 is a number, `off` and 2026-01-31 are text
    ("tag:yaml.org,2002:bool", r"true|True|TRUE|false|False|FALSE", "tTfF"),
    ("tag:yaml.org,2002:null", r"~|null|Null|NULL|", "~nN"),
    ("tag:yaml.org,2002:int", r"[-+]?[0-9]+", "-+0123456789"),
    ("tag:yaml.org,2002:float", r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?", "-+.0123456789"),
)

_JSON_TOKEN = re.compile(r'"(?:\\.|[^"\\])*"|[{}\[\]:]')

KeyPath = tuple[str, ...]


@dataclass(frozen=True)
class RecipeDocument:
    """What a recipe file says, not yet checked; `lines` counts from 1."""

    source: Path | None
    values: dict[str, Any]
    lines: dict[KeyPath, int]

    def line_of(self, path: KeyPath) -> int | None:
        """Of something that is missing, of the group where it should be."""
        known = next((path[:end] for end in range(len(path), 0, -1) if path[:end] in self.lines), None)
        return self.lines[known] if known else None

    def place_of(self, path: KeyPath) -> str:
        """E.g. `settings.epochs (recipe.yaml, line 7)`; for something that is missing, where it should be."""
        name = ".".join(path)
        if self.source is None:
            return name
        line = self.line_of(path)
        return f"{name} ({self.source.name}, line {line})" if line else f"{name} ({self.source.name})"


class _Loader(yaml.SafeLoader):
    yaml_implicit_resolvers: dict[str, list[Any]] = {}


class _Dumper(yaml.SafeDumper):
    """Keeps the older resolvers too, so that text which any YAML reader could mistake for a number is quoted."""

    yaml_implicit_resolvers = {key: list(value) for key, value in yaml.SafeDumper.yaml_implicit_resolvers.items()}


for _tag, _pattern, _first in _CORE_SCHEMA:
    _Loader.add_implicit_resolver(_tag, re.compile(rf"^(?:{_pattern})$"), [*_first, ""])
    _Dumper.add_implicit_resolver(_tag, re.compile(rf"^(?:{_pattern})$"), [*_first, ""])


def read_document(path: Path) -> RecipeDocument:
    """Raises RecipeUnreadable when the file is not a YAML or JSON mapping in UTF-8, RecipeInvalid for a key twice."""
    return parse_document(path, read_recipe_text(path))


def read_recipe_text(path: Path) -> str:
    """As it is written. Raises RecipeUnreadable when it is no text in UTF-8 of a sensible size."""
    try:
        return read_small_text(path, _MOST_BYTES)
    except NoSmallText as error:
        raise RecipeUnreadable(path=path, reason=error) from None


def parse_document(path: Path, text: str) -> RecipeDocument:
    """As `read_document`, of a text that came in another way; `path` names it in complaints."""
    lines: dict[KeyPath, int] = {}
    values = _from_json(path, text, lines) if path.suffix.lower() == ".json" else _from_yaml(path, text, lines)
    if not isinstance(values, dict):
        raise RecipeUnreadable(path=path, reason="it does not hold `name: value` lines")
    return RecipeDocument(source=path, values=values, lines=lines)


def dump_yaml(values: dict[str, Any]) -> str:
    return yaml.dump(values, Dumper=_Dumper, sort_keys=False, allow_unicode=True)


def parse_scalar(text: str) -> Any:
    """`0.1` to a number, `true` to a truth value, `[q_proj, v_proj]` to a list, anything else to text."""
    try:
        return yaml.load(text, Loader=_Loader)  # noqa: S506 - a SafeLoader
    except yaml.YAMLError:
        return text


def _from_yaml(path: Path, text: str, lines: dict[KeyPath, int]) -> Any:
    try:
        loader = _Loader(text)
        node = loader.get_single_node()
        if node is None:
            return None
        _note_lines(path, node, (), lines)
        return loader.construct_document(node)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark
        where = f" at line {mark.line + 1}, column {mark.column + 1}" if mark else ""
        raise RecipeUnreadable(path=path, reason=f"it is not valid YAML{where}: {error.problem}") from None
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        raise RecipeUnreadable(path=path, reason=f"it is not valid YAML: {str(error).splitlines()[0]}") from None


def _note_lines(path: Path, node: yaml.Node, here: KeyPath, lines: dict[KeyPath, int]) -> None:
    """Mappings only, two levels deep: a recipe has no more, and an alias that holds itself ends here."""
    if not isinstance(node, yaml.MappingNode) or len(here) > 2:
        return
    for key, value in node.value:
        inner = (*here, str(key.value))
        line = key.start_mark.line + 1
        if inner in lines:
            where = f"{'.'.join(inner)} ({path.name}, lines {lines[inner]} and {line})"
            raise RecipeInvalid(where=where, reason="it is given twice")
        lines[inner] = line
        _note_lines(path, value, inner, lines)


def _from_json(path: Path, text: str, lines: dict[KeyPath, int]) -> Any:
    def once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        values = dict(pairs)
        if len(values) < len(pairs):
            names = [name for name, _ in pairs]
            twice = next(name for name in names if names.count(name) > 1)
            raise RecipeInvalid(where=f"{twice} ({path.name})", reason="it is given twice")
        return values

    try:
        values = json.loads(text, object_pairs_hook=once)
    except json.JSONDecodeError as error:
        where = f"line {error.lineno}, column {error.colno}"
        raise RecipeUnreadable(path=path, reason=f"it is not valid JSON at {where}: {error.msg.lower()}") from None
    except (ValueError, RecursionError) as error:
        raise RecipeUnreadable(path=path, reason=f"it is not valid JSON: {error}") from None
    _note_json_lines(text, lines)
    return values


def _note_json_lines(text: str, lines: dict[KeyPath, int]) -> None:
    """Of text that is known to be JSON: a string before a colon is a key of the object that is open there."""
    around: list[str] = []
    key, line, seen = "", 1, 0
    tokens = list(_JSON_TOKEN.finditer(text))
    for token, following in itertools.pairwise(tokens):
        line, seen = line + text.count("\n", seen, token.start()), token.start()
        if token[0] in "{[":
            around.append(key)
        elif token[0] in "}]":
            around.pop()
        elif following[0] == ":" and token[0] != ":":
            key = json.loads(token[0])
            lines.setdefault((*around[1:], key), line)
