"""A table of a model's fields: name, type with its limits, default, and the comment beside it in the source."""

import ast
import inspect
import io
import textwrap
import tokenize
from pathlib import Path
from typing import Any

from pydantic import BaseModel
from pydantic_core import PydanticUndefined


class FieldUndocumented(Exception):
    """A field of a model that users fill has no comment that says what it is."""


def comments_of(model: type[BaseModel]) -> dict[str, str]:
    source = textwrap.dedent(inspect.getsource(model))
    beside = {
        token.start[0]: token.string.lstrip("# ").rstrip()
        for token in tokenize.generate_tokens(io.StringIO(source).readline)
        if token.type == tokenize.COMMENT
    }
    body = ast.parse(source).body[0]
    assert isinstance(body, ast.ClassDef)
    found = {}
    for node in body.body:
        if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name) and node.end_lineno:
            lines = range(node.lineno, node.end_lineno + 1)
            found[node.target.id] = " ".join(beside[line] for line in lines if line in beside)
    return found


def table(model: type[BaseModel], *, prefix: str = "", defaults: bool = True) -> list[str]:
    """Rows of Markdown. Raises FieldUndocumented rather than leave a field unexplained."""
    schema = model.model_json_schema(by_alias=False)
    comments = comments_of(model)
    head = ("setting", "value", "default", "meaning") if defaults else ("setting", "value", "meaning")
    rows = [_row(head), _row(["---"] * len(head))]
    for name, field in model.model_fields.items():
        if not comments[name]:
            raise FieldUndocumented(f"{model.__name__}.{name} needs a comment beside it that says what it means.")
        middle = [kind_of(schema["properties"][name], schema)]
        if defaults:
            middle.append("" if field.default is PydanticUndefined else _default(field.default))
        rows.append(_row([f"`{prefix}{name}`", *middle, comments[name]]))
    return rows


def kind_of(schema: dict[str, Any], root: dict[str, Any]) -> str:
    """A JSON schema in words, e.g. `whole number from 1 to 4096`."""
    if "anyOf" in schema:
        kinds = [kind_of(part, root) for part in schema["anyOf"] if part.get("type") != "null"]
        return " or ".join(kinds)
    if "$ref" in schema:
        return kind_of(root["$defs"][schema["$ref"].rsplit("/", 1)[1]], root)
    if "enum" in schema:
        return ", ".join(f"`{option}`" for option in schema["enum"])
    if "const" in schema:
        return f"`{schema['const']}`"
    if schema.get("type") == "array":
        return f"list of {kind_of(schema.get('items', {}), root)}"
    words = {
        "integer": "whole number",
        "number": "number",
        "string": "path" if schema.get("format") == "path" else "text",
        "boolean": "`true` or `false`",
        "object": "mapping",
    }
    return " ".join([words.get(str(schema.get("type")), "any value"), *_limits(schema)])


def _limits(schema: dict[str, Any]) -> list[str]:
    words = {
        "minimum": "from {}",
        "exclusiveMinimum": "above {}",
        "maximum": "to {}",
        "exclusiveMaximum": "below {}",
    }
    return [word.format(_number(schema[key])) for key, word in words.items() if key in schema]


def _number(value: float) -> str:
    large = value > 2**20 and int(value).bit_count() == 1
    return f"2^{int(value).bit_length() - 1}" if large else f"{value:g}"


def _default(value: object) -> str:
    if value is None:
        return "decided for you"
    if isinstance(value, Path):
        parts = value.parts
        return f"`{value}`" if not value.is_absolute() else f"`{'/'.join(parts[-2:])}` in the user's cache folder"
    if isinstance(value, BaseModel) or value == {}:
        return ""
    return f"`{str(value).lower() if isinstance(value, bool) else value}`"


def _row(cells: Any) -> str:
    return "| " + " | ".join(str(cell).replace("|", "\\|") for cell in cells) + " |"
