"""Declares commands: each receives a Terminal and has, besides its own options, those that every command has."""

import functools
import inspect
from collections.abc import Callable
from typing import Any

import typer

from luthier.cli.errors import Interrupted
from luthier.cli.options import DebugOption, JsonOption, Options, QuietOption, WorkspaceOption
from luthier.cli.terminal import Terminal

Body = Callable[..., int | None]  # takes a Terminal first; returns an exit code, None is 0

_SHARED = {"workspace": WorkspaceOption, "as_json": JsonOption, "quiet": QuietOption, "debug": DebugOption}
_DEFAULTS: dict[str, Any] = {"workspace": None, "as_json": False, "quiet": False, "debug": False}


def noun() -> typer.Typer:
    """A group of commands, `luthier NOUN VERB`. Its summary stands with its name in app.py."""
    group = typer.Typer(rich_markup_mode=None, add_completion=False, invoke_without_command=True)

    @group.callback()
    def show_help(context: typer.Context) -> None:
        if context.invoked_subcommand is None:
            typer.echo(context.get_help())

    return group


def shortcut() -> typer.Typer:
    """A single command, `luthier VERB`."""
    return typer.Typer(rich_markup_mode=None, add_completion=False)


def command(group: typer.Typer, name: str) -> Callable[[Body], Body]:
    """Adds the decorated function to `group`. Its parameters after the first become arguments and options."""

    def declare(body: Body) -> Body:
        @functools.wraps(body)
        def call(context: typer.Context, **given: Any) -> int:
            own = Options(**{key: given.pop(key) for key in _SHARED})
            earlier = context.obj if isinstance(context.obj, Options) else Options()
            with Terminal(earlier.and_then(own)) as terminal:
                try:
                    return body(terminal, **given) or 0
                except KeyboardInterrupt:
                    raise Interrupted from None

        _announce_parameters(call, body)
        group.command(name)(call)
        return body

    return declare


def _announce_parameters(call: Callable[..., int], body: Body) -> None:
    """Typer reads a command's options from its signature, so `call` is given that of `body` and the shared ones."""
    own = list(inspect.signature(body, eval_str=True).parameters.values())[1:]
    kind = inspect.Parameter.KEYWORD_ONLY
    shared = [
        inspect.Parameter(name, kind, default=_DEFAULTS[name], annotation=annotation)
        for name, annotation in _SHARED.items()
    ]
    context = inspect.Parameter("context", inspect.Parameter.POSITIONAL_OR_KEYWORD, annotation=typer.Context)
    parameters = [context, *(parameter.replace(kind=kind) for parameter in own), *shared]
    call.__signature__ = inspect.Signature(parameters, return_annotation=int)  # type: ignore[attr-defined]
    call.__annotations__ = {parameter.name: parameter.annotation for parameter in parameters} | {"return": int}
    del call.__wrapped__  # type: ignore[attr-defined]
