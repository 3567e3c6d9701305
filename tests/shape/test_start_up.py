import json
import subprocess
import sys

HEAVY = {"torch", "transformers", "peft", "sqlalchemy", "alembic", "fastapi"}

PROBE = """
import contextlib, io, json, sys
sys.argv = ["luthier", *{arguments!r}]
with contextlib.redirect_stdout(io.StringIO()), contextlib.suppress(SystemExit):
    {program}
print(json.dumps(sorted(name for name in sys.modules if "." not in name)))
"""


def test_help_loads_neither_the_training_libraries_nor_the_store() -> None:
    assert _loaded("from luthier.cli.main import main; main()", "--help") & HEAVY == set()


def test_importing_the_package_loads_nothing_heavy() -> None:
    assert _loaded("import luthier") & (HEAVY | {"pydantic", "typer", "numpy"}) == set()


def test_a_workspace_opens_without_the_training_libraries() -> None:
    assert _loaded("import luthier.workspace") & {"torch", "transformers", "peft", "typer"} == set()


def _loaded(program: str, *arguments: str) -> set[str]:
    probe = PROBE.format(program=program, arguments=arguments)
    answer = subprocess.run([sys.executable, "-c", probe], capture_output=True, text=True, check=True, timeout=60)
    return set(json.loads(answer.stdout))
