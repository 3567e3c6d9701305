"""Which software is here, found without importing any of it: packages, programs, ports that answer, torch's build."""

import ast
import shutil
import socket
from collections.abc import Iterable
from importlib.metadata import PackageNotFoundError, distribution, version
from importlib.util import find_spec
from pathlib import Path

from luthier.kit.frozen import Frozen
from luthier.planning.machine_facts import doctor_facts
from luthier.planning.probes import text_of

LIBRARIES = ("transformers", "peft")
_PORT_SECONDS = 0.2


class TorchBuild(Frozen):
    version: str
    readable: bool = True  # False when its own version file does not say what it was built for
    cuda: str = ""
    rocm: str = ""


class Installed(Frozen):
    torch: TorchBuild | None
    packages: dict[str, str]  # name -> version, of those that are here
    programs: dict[str, str]  # name -> path
    answering: tuple[int, ...]  # ports


def look_around() -> Installed:
    parts = doctor_facts().parts
    return Installed(
        torch=torch_build(),
        packages=_packages((*LIBRARIES, *(name for part in parts for name in part.packages))),
        programs=_programs(name for part in parts for name in part.programs),
        answering=tuple(port for part in parts for port in part.ports if _answers(port)),
    )


def torch_build(version_file: Path | None = None) -> TorchBuild | None:
    """Read from the file that torch itself reads; importing torch would take seconds and gigabytes."""
    if version_file is None:
        found = find_spec("torch")
        if found is None or found.origin is None:
            return None
        version_file = Path(found.origin).with_name("version.py")
    facts = _assignments(text_of(version_file) or "")
    if "__version__" not in facts:
        known = _packages(("torch",)).get("torch", "")
        return TorchBuild(version=known, readable=False)
    return TorchBuild(version=facts["__version__"], cuda=facts.get("cuda", ""), rocm=facts.get("hip", ""))


def _assignments(source: str) -> dict[str, str]:
    """The names that are given a text; those that are given None are left out."""
    try:
        tree = ast.parse(source)
    except (SyntaxError, ValueError):
        return {}
    given: list[tuple[ast.expr, ast.expr | None]]
    given = [(node.target, node.value) for node in tree.body if isinstance(node, ast.AnnAssign)]
    given += [(target, node.value) for node in tree.body if isinstance(node, ast.Assign) for target in node.targets]
    return {
        target.id: value.value
        for target, value in given
        if isinstance(target, ast.Name) and isinstance(value, ast.Constant) and isinstance(value.value, str)
    }


def _packages(names: Iterable[str]) -> dict[str, str]:
    found = {}
    for name in names:
        try:
            distribution(name)
        except PackageNotFoundError:
            continue
        found[name] = version(name)
    return found


def _programs(names: Iterable[str]) -> dict[str, str]:
    return {name: path for name in names if (path := shutil.which(name))}


def _answers(port: int) -> bool:
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=_PORT_SECONDS):
            return True
    except OSError:
        return False
