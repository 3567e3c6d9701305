"""docs/reference/findings.md: every code that a check of the data can give, read from the calls that give it."""

import ast
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

import luthier
from luthier.data.facts import trap_facts

HEAD = """\
# Findings

What the checks say about examples. An *error* blocks, a *warning* is shown, a *note* is worth knowing. Each finding has
its place: file, row, line, column or byte.
"""
ROWS = "dataset."
PREFLIGHT = "preflight."
SCENARIO = "scenario."
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
            "\n## In a scenario\n",
            *_table([entry for entry in found if entry.code.startswith(SCENARIO)], "what it says"),
            "\n## In preflight\n",
            *_table([entry for entry in found if entry.code.startswith(PREFLIGHT)], "what it asks or says"),
        ]
    )


def entries() -> Iterator[Entry]:
    """Constructions of Finding, calls of the functions that make one of a short code, and the traps among the facts."""
    package = Path(luthier.__file__).parent
    for folder in ("data", "engine", "services"):
        trees = [ast.parse(path.read_text(encoding="utf-8")) for path in sorted((package / folder).rglob("*.py"))]
        constants = {name: text for tree in trees for name, text in _constants(tree)}
        for call, texts in (pair for tree in trees for pair in _calls(tree)):
            if entry := _entry(call, constants | texts):
                yield entry
    for trap in trap_facts().traps:
        yield Entry(ROWS + trap.code, trap.level.value, f"{GAP} {trap.says.replace('{shown}', GAP)}.")


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
        case "fault" | "doubt" | "_doubt" | "_unreadable" | "Wrong" if code.isidentifier():
            level = "warning" if name.endswith("doubt") else "error"
            text = _text(call.args[2], constants) if name == "Wrong" else text
            return Entry(SCENARIO + code, level, text)
        case "checked_rows" | "checked_once" if code.isidentifier():
            return Entry(PREFLIGHT + code, level, text)
        case "Finding" if GAP not in (code := named.get("code", "")) and code.startswith((ROWS, PREFLIGHT)):
            return Entry(code, level, named.get("sentence", ""))
        case "_error" if code.startswith((ROWS, PREFLIGHT)):
            return Entry(code, level, text)
        case _:
            return None


def _calls(tree: ast.Module) -> Iterator[tuple[ast.Call, dict[str, str]]]:
    """Every call, and again with the texts that its function has given names to before."""
    yield from ((node, {}) for node in ast.walk(tree) if isinstance(node, ast.Call))
    for function in (node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)):
        assigned = (node for node in ast.walk(function) if isinstance(node, ast.Assign))
        named = sorted((node.lineno, pair) for node in assigned for pair in _named(node))
        for call in (node for node in ast.walk(function) if isinstance(node, ast.Call)):
            yield call, dict(pair for line, pair in named if line < call.lineno)


def _named(node: ast.AST) -> Iterator[tuple[str, str]]:
    if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name) and (text := _text(node.value, {})):
        yield node.targets[0].id, text


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
        yield from _named(node)


def _from_code(code: str) -> str:
    """For a code whose sentence depends on what was met."""
    return f"{code.partition('.')[2].replace('_', ' ').capitalize()}; the sentence says where and how."


def _table(found: list[Entry], heading: str) -> list[str]:
    rows = [f"| `{entry.code}` | {entry.level} | {entry.text.replace('|', chr(92) + '|')} |" for entry in found]
    return [f"| code | level | {heading} |", "| --- | --- | --- |", *rows]
