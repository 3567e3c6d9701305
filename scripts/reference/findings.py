"""docs/reference/findings.md: every code that a check of the data can give, read from the calls that give it."""

import ast
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

import luthier

HEAD = """\
# Findings

What the checks say about examples. An *error* blocks, a *warning* is shown, a *note* is worth knowing. Each finding has
its place: file, row, line, column or byte.
"""
ROWS = "dataset."
PREFLIGHT = "preflight."
GAP = "…"


class Entry(NamedTuple):
    code: str
    level: str
    text: str


def page() -> str:
    found = merged(entries())
    return "\n".join(
        [
            HEAD,
            "## In a file\n",
            *_table([entry for entry in found if entry.code.startswith(ROWS)], "what it says"),
            "\n## In preflight\n",
            *_table([entry for entry in found if entry.code.startswith(PREFLIGHT)], "what it asks or says"),
        ]
    )


def entries() -> Iterator[Entry]:
    """Constructions of Finding, and calls of the functions that make one of a short code."""
    package = Path(luthier.__file__).parent
    for folder in ("data", "engine", "services"):
        trees = [ast.parse(path.read_text(encoding="utf-8")) for path in sorted((package / folder).rglob("*.py"))]
        constants = {name: text for tree in trees for name, text in _constants(tree)}
        for node in (node for tree in trees for node in ast.walk(tree)):
            if isinstance(node, ast.Call) and (entry := _entry(node, constants)):
                yield entry


def merged(found: Iterable[Entry]) -> list[Entry]:
    """One entry a code; a code that several places give has the sentences of all."""
    together: dict[str, Entry] = {}
    for entry in sorted(set(found)):
        earlier = together.get(entry.code, Entry(entry.code, entry.level, ""))
        together[entry.code] = entry._replace(text=" / ".join(filter(None, [earlier.text, entry.text])))
    return [entry._replace(text=entry.text or _from_code(entry.code)) for entry in together.values()]


def _entry(call: ast.Call, constants: dict[str, str]) -> Entry | None:
    name = getattr(call.func, "attr", getattr(call.func, "id", ""))
    named = {keyword.arg: _text(keyword.value, constants) for keyword in call.keywords if keyword.arg}
    level = next((_level(keyword.value) for keyword in call.keywords if keyword.arg == "level"), "error")
    code, text = [*(_text(argument, constants) for argument in call.args[:2]), "", ""][:2]
    match name:
        case "error" | "warn" | "_note" | "error_at" | "JsonFault" if code.isidentifier():
            return Entry(ROWS + code, {"warn": "warning", "_note": "note"}.get(name, "error"), text)
        case "checked_rows" | "checked_once" if code.isidentifier():
            return Entry(PREFLIGHT + code, level, text)
        case "Finding" if GAP not in (code := named.get("code", "")) and code.startswith((ROWS, PREFLIGHT)):
            return Entry(code, level, named.get("sentence", ""))
        case "_error" if code.startswith((ROWS, PREFLIGHT)):
            return Entry(code, level, text)
        case _:
            return None


def _level(value: ast.expr) -> str:
    return value.attr.lower() if isinstance(value, ast.Attribute) else "error"


def _text(value: ast.expr, constants: dict[str, str]) -> str:
    """A string as it stands in the source; what is filled in is shown as a gap."""
    match value:
        case ast.Constant(value=str(text)):
            return text
        case ast.Name(id=name):
            return constants.get(name, "")
        case ast.JoinedStr(values=parts):
            return "".join(_text(part, constants) or GAP for part in parts)
        case ast.BinOp(left=left, right=right):
            return _text(left, constants) + _text(right, constants)
        case _:
            return ""


def _constants(tree: ast.Module) -> Iterator[tuple[str, str]]:
    for node in tree.body:
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name) and (text := _text(node.value, {})):
            yield node.targets[0].id, text


def _from_code(code: str) -> str:
    """For a code whose sentence depends on what was met."""
    return f"{code.partition('.')[2].replace('_', ' ').capitalize()}; the sentence says where and how."


def _table(found: list[Entry], heading: str) -> list[str]:
    rows = [f"| `{entry.code}` | {entry.level} | {entry.text.replace('|', chr(92) + '|')} |" for entry in found]
    return [f"| code | level | {heading} |", "| --- | --- | --- |", *rows]
