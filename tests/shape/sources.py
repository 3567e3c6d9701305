"""The source tree as the shape tests see it: every module of the package with its text and its syntax tree."""

import ast
import os
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "src" / "luthier"

Function = ast.FunctionDef | ast.AsyncFunctionDef


@dataclass(frozen=True)
class Module:
    path: Path
    text: str
    tree: ast.Module

    @property
    def place(self) -> str:
        return self.path.relative_to(ROOT).as_posix()

    @property
    def name(self) -> str:
        parts = list(self.path.relative_to(PACKAGE.parent).with_suffix("").parts)
        return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)

    @property
    def lines(self) -> int:
        return len(self.text.splitlines())

    def functions(self) -> Iterator[Function]:
        return (node for node in ast.walk(self.tree) if isinstance(node, Function))

    def classes(self) -> Iterator[ast.ClassDef]:
        return (node for node in ast.walk(self.tree) if isinstance(node, ast.ClassDef))


@cache
def modules() -> tuple[Module, ...]:
    return tuple(_read(path) for path in sorted(PACKAGE.rglob("*.py")))


@cache
def text_files(*folders: str) -> tuple[tuple[str, str], ...]:
    """(place, text) of what people wrote in these folders, without what is vendored or built."""
    endings = {".py", ".md", ".html", ".css", ".js", ".toml", ".sh", ".yaml", ".yml", ".json", ""}
    found = []
    for folder, below, names in (entry for start in folders for entry in os.walk(ROOT / start)):
        below[:] = [name for name in below if name not in ("__pycache__", "vendor", ".venv-peer")]
        paths = [Path(folder, name) for name in names if Path(name).suffix in endings]
        found += [(path.relative_to(ROOT).as_posix(), _text_of(path)) for path in paths]
    return tuple(found)


def length(node: Function | ast.ClassDef) -> int:
    assert node.end_lineno is not None
    return node.end_lineno - node.lineno + 1


def _text_of(path: Path) -> str:
    return path.read_text(encoding="utf-8", errors="replace")


def _read(path: Path) -> Module:
    text = path.read_text(encoding="utf-8")
    return Module(path, text, ast.parse(text))
