"""docs/reference/commands.md: every command of the terminal with its options."""

from collections.abc import Iterator
from typing import Any

from typer.main import get_command

from luthier.cli.app import PARTS, app

HEAD = """\
# The command line

`luthier NOUN VERB`, and shortcuts without a verb. Names, ids, and the beginning of an id are all understood. Results go
to standard output; progress and messages to standard error. With `--json` the output is one JSON document and nothing
else. Colour follows the terminal and `NO_COLOR`.

| exit code | means |
| --- | --- |
| 0 | good |
| 1 | failed |
| 2 | wrong usage: a word, a name or a path that does not exist |
| 3 | needs attention: the data or the model |
| 130 | interrupted |
"""
SHARED = ("--workspace", "--json", "--quiet", "--debug", "--help")


def page() -> str:
    root = get_command(app)
    shared = [parameter for parameter in root.params if parameter.opts[0] in SHARED]
    context = root.context_class(root, info_name="luthier")
    parts = [HEAD, "Every command takes these, before or after its name:\n", *_table(shared, context), ""]
    for path, command in commands():
        parts += _entry(path, command)
    return "\n".join(parts)


def commands() -> Iterator[tuple[str, Any]]:
    """Every command by its path, e.g. `luthier runs stop`, in the order of the help."""
    root: Any = get_command(app)
    for name in PARTS:
        context = root.context_class(root, info_name="luthier")
        _, command, _ = root.resolve_command(context, [name])
        if members := getattr(command, "commands", None):
            yield from ((f"luthier {name} {verb}", member) for verb, member in members.items())
        else:
            yield f"luthier {name}", command


def options_of(command: Any) -> list[Any]:
    return [parameter for parameter in command.params if parameter.param_type_name == "option"]


def _entry(path: str, command: Any) -> list[str]:
    context = command.context_class(command, info_name=path)
    usage = " ".join([path, *command.collect_usage_pieces(context)])
    own = [parameter for parameter in command.params if parameter.opts[0] not in SHARED]
    lines = [f"## {path}", "", f"`{usage}`", "", " ".join((command.help or "").split()), ""]
    return [*lines, *_table(own, context), ""] if own else lines


def _table(parameters: list[Any], context: Any) -> list[str]:
    rows = ["| option | meaning |", "| --- | --- |"]
    for parameter in parameters:
        if parameter.param_type_name == "argument":
            words, meaning = parameter.metavar or parameter.name.upper(), parameter.help or ""
        else:
            words, meaning = parameter.get_help_record(context)
        rows.append(f"| `{words}` | {meaning.replace('|', chr(92) + '|')} |")
    return rows
