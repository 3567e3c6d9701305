import ast

from tests.shape.sources import PACKAGE, Module, modules

# What is started as a program, or read by its tool, rather than imported by us.
ENTRANCES = ("__init__", "__main__")
PROGRAMS = frozenset({"luthier.cli.main", "luthier.kit.sandboxed"})
BY_THEIR_TOOL = ("luthier.store.migrations", "luthier.orchestration.guests.programs")
TOO_VAGUE = frozenset({"utils", "util", "helpers", "common", "manager", "managers", "base", "misc", "core"})

# Where an unforeseen exception may end: HTTP handlers, the command line, worker processes, the bodies of loops.
RIMS = frozenset({"server", "cli", "engine", "orchestration"})


def test_every_module_says_in_its_first_line_what_it_decides() -> None:
    silent = []
    for module in modules():
        first = (ast.get_docstring(module.tree) or "").split("\n")[0].strip()
        if module.text.strip() and (len(first) < 15 or first[-1] not in ".:"):
            silent.append(module.place)
    assert silent == []


def test_no_module_has_a_name_that_says_nothing() -> None:
    assert [module.place for module in modules() if module.path.stem in TOO_VAGUE] == []


def test_every_module_is_reached_by_an_import() -> None:
    reached = {name for module in modules() for name in _imports(module)}
    dead = [
        module.place
        for module in modules()
        if module.path.stem not in ENTRANCES
        and module.name not in PROGRAMS
        and not module.name.startswith(BY_THEIR_TOOL)
        and module.name not in reached
    ]
    assert dead == []


def test_every_package_stands_on_the_readme_map() -> None:
    readme = (PACKAGE.parents[1] / "README.md").read_text(encoding="utf-8")
    packages = {path.parent.name for path in PACKAGE.glob("*/__init__.py")}
    assert {name for name in packages if f"`{name}`" not in readme and f" {name}/" not in readme} == set()


def test_an_unforeseen_exception_is_caught_only_at_the_rims() -> None:
    swallowed = [
        f"{module.place}:{handler.lineno}"
        for module in modules()
        for handler in ast.walk(module.tree)
        if isinstance(handler, ast.ExceptHandler) and _catches_everything(handler) and not _raises_again(handler)
        if _layer(module) not in RIMS
    ]
    assert swallowed == []


def _catches_everything(handler: ast.ExceptHandler) -> bool:
    caught = handler.type.elts if isinstance(handler.type, ast.Tuple) else [handler.type]
    return any(kind is None or getattr(kind, "id", "") in ("Exception", "BaseException") for kind in caught)


def _raises_again(handler: ast.ExceptHandler) -> bool:
    return isinstance(handler.body[-1], ast.Raise)


def _layer(module: Module) -> str:
    return [*module.name.split("."), ""][1]


def _imports(module: Module) -> set[str]:
    found: set[str] = set()
    for node in ast.walk(module.tree):
        if isinstance(node, ast.Import):
            found.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            found.add(node.module)
            found.update(f"{node.module}.{alias.name}" for alias in node.names)
        elif isinstance(node, ast.Constant) and isinstance(node.value, str) and node.value.startswith("luthier."):
            found.update((node.value, node.value.partition(":")[0]))  # lazily imported or started by name
    return found
