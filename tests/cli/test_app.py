import json
import subprocess
import sys
import time

import pytest
from typer.core import TyperGroup
from typer.main import get_command

from luthier import __version__
from luthier.cli.app import PARTS, app
from tests.cli.running import Cli

TOO_HEAVY_FOR_HELP = {"torch", "transformers", "sqlalchemy", "alembic", "pydantic", "rich", "fastapi", "numpy", "httpx"}

PROBE = """
import json, sys
sys.argv = ["luthier", "--help"]
from luthier.cli.main import main
code = main()
print(json.dumps([code, sorted(sys.modules)]))
"""


def test_help_answers_without_loading_anything_heavy() -> None:
    started = time.perf_counter()
    answer = subprocess.run([sys.executable, "-c", PROBE], capture_output=True, text=True, check=True)
    print(f"luthier --help took {1000 * (time.perf_counter() - started):.0f} ms, interpreter included")  # noqa: T201 - a timing to read, not to assert
    code, loaded = json.loads(answer.stdout.splitlines()[-1])
    assert code == 0
    assert {name.partition(".")[0] for name in loaded} & TOO_HEAVY_FOR_HELP == set()
    assert [name for name in loaded if name.startswith("luthier.") and not name.startswith("luthier.cli")] == []


def test_help_names_every_part_with_its_whole_summary(cli: Cli) -> None:
    answer = cli("--help")
    assert answer.code == 0
    assert [name for name, part in PARTS.items() if f"{name}" not in answer.out or part.summary not in answer.out] == []


@pytest.mark.parametrize("name", PARTS)
def test_every_part_can_be_loaded_and_every_command_says_what_it_does(name: str) -> None:
    group = get_command(app)
    assert isinstance(group, TyperGroup)
    context = group.make_context("luthier", [name])
    _, command, _ = group.resolve_command(context, [name])
    assert command is not None
    for one in command.commands.values() if isinstance(command, TyperGroup) else [command]:
        names = {option for parameter in one.params for option in parameter.opts}
        assert one.help
        assert {"--json", "--quiet", "--workspace", "--debug"} <= names
        undescribed = [parameter.name for parameter in one.params if not getattr(parameter, "help", None)]
        assert undescribed == []


def test_the_version_is_that_of_the_package(cli: Cli) -> None:
    assert cli("--version").out == f"luthier {__version__}\n"


@pytest.mark.parametrize("arguments", [[], ["runs"]])
def test_without_a_command_help_is_shown(cli: Cli, arguments: list[str]) -> None:
    answer = cli(*arguments)
    assert (answer.code, answer.err) == (0, "")
    assert "Commands:" in answer.out


@pytest.mark.parametrize("arguments", [["nonsense"], ["runs", "nonsense"], ["runs", "list", "--nonsense"], ["chat"]])
def test_what_is_not_understood_is_a_sentence_with_the_way_to_help(cli: Cli, arguments: list[str]) -> None:
    answer = cli(*arguments)
    assert answer.code == 2
    assert answer.err.startswith("Error: ")
    assert "--help" in answer.err
    assert "Traceback" not in answer.err


@pytest.mark.parametrize("arguments", [["--json", "runs", "list"], ["runs", "list", "--json"]])
def test_shared_options_count_before_and_after_the_command(cli: Cli, arguments: list[str]) -> None:
    assert cli(*arguments).document == []


def test_the_workspace_option_wins_over_the_environment(cli: Cli) -> None:
    cli("runs", "list", "--workspace", str(cli.folder / "another"))
    assert (cli.folder / "another" / "workspace.json").exists()
    assert not cli.home.exists()


def test_a_terminal_without_unicode_still_shows_everything(cli: Cli) -> None:
    (cli.folder / "orders.jsonl").write_text('{"prompt": "2 × oak\\n", "completion": "née"}\n', encoding="utf-8")
    cli.environment |= {"PYTHONIOENCODING": "ascii", "PYTHONUTF8": "0"}
    answer = cli("datasets", "check", "orders.jsonl")
    assert (answer.code, "2 ? oak" in answer.out) == (0, True)
