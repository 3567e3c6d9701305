"""`luthier exports`: versions as others run them, with the proof that they say the same there."""

from typing import Annotated, get_args

import typer

from luthier.cli import declare
from luthier.cli.errors import NotUnderstood
from luthier.cli.render.exports import exports_table, show_export
from luthier.cli.render.text import plain
from luthier.cli.render.versions import show_version
from luthier.cli.terminal import Terminal
from luthier.domain.exports import FORMS, ExportRequest, Form
from luthier.domain.merges import HOWS, MergeRequest, how_named
from luthier.domain.recipes import bytes_of

app = declare.noun()

VersionArgument = Annotated[str, typer.Argument(metavar="VERSION", help="name, name@number, id, or its beginning.")]
ExportArgument = Annotated[str, typer.Argument(metavar="EXPORT", help="Id, or the beginning of one.")]


@declare.command(app, "make")
def make(
    terminal: Terminal,
    version: VersionArgument,
    to: Annotated[str, typer.Option("--to", metavar="FORM", help=f"One of {', '.join(FORMS)}.")] = "gguf",
    quant: Annotated[
        str | None, typer.Option(metavar="KIND", help="Of GGUF: Q8_0 (default), F16, Q5_1, Q4_0, Q4_K_M and others.")
    ] = None,
    at_most: Annotated[
        str | None, typer.Option(metavar="SIZE", help="E.g. 100MB: each tensor gets the type that keeps the most.")
    ] = None,
    allow_pruning: Annotated[
        bool, typer.Option("--allow-pruning", help="Leave layers out where no type is small enough for --at-most.")
    ] = False,
) -> None:
    """Write a version as others run it, and prove that it says the same there. Ctrl-C leaves nothing behind."""
    if to not in get_args(Form):
        raise NotUnderstood(
            message=f"There is no form {to}; there are {', '.join(FORMS)}.", command="luthier exports make"
        )
    form: Form = to  # type: ignore[assignment]
    request = ExportRequest.of(form, quant, None if at_most is None else _bytes(at_most), allow_pruning)
    made = terminal.patiently(
        "Exporting", lambda report: terminal.workspace.exports.make_here(version, request, report)
    )
    terminal.result(made, lambda: show_export(made))
    if made.commands:
        terminal.say("Run it:", *(plain(f"  {command}", "command") for command in made.commands))


@declare.command(app, "merge")
def merge(
    terminal: Terminal,
    versions: Annotated[
        list[str], typer.Argument(metavar="VERSION...", help="Adapters of one base, or whole models tuned from one.")
    ],
    how: Annotated[str, typer.Option(metavar="WAY", help=f"One of {', '.join(HOWS)}.")] = "linear",
    weights: Annotated[
        str | None, typer.Option(metavar="W,W", help="How much each counts, e.g. 0.7,0.3 (default: all alike).")
    ] = None,
    rank: Annotated[int | None, typer.Option(min=1, max=1024, metavar="R", help="Of the result.")] = None,
    density: Annotated[
        float, typer.Option(min=0.01, max=1, metavar="S", help="Share of changes that ties and dare keep.")
    ] = 0.5,
    name: Annotated[str | None, typer.Option(metavar="NAME", help="Of the version to be.")] = None,
) -> None:
    """Merge versions of one base into a new one, which answers their held-out questions."""
    wanted = MergeRequest(how=how_named(how), weights=_weights(weights), rank=rank, density=density, name=name)
    made = terminal.patiently("Merging", lambda report: terminal.workspace.merging.make_here(versions, wanted, report))
    terminal.result(made, lambda: show_version(made))


@declare.command(app, "list")
def list_(
    terminal: Terminal,
    version: Annotated[str | None, typer.Argument(metavar="VERSION", help="Only those of this version.")] = None,
) -> None:
    """All exports, newest first."""
    workspace = terminal.workspace
    exports = workspace.exports.list(workspace.versions.get(version).version_id if version else None)
    terminal.result(exports, lambda: exports_table(exports))


@declare.command(app, "show")
def show(terminal: Terminal, export: ExportArgument) -> None:
    """One export: its files, the parity checks, how fast it is here, and the commands that run it."""
    found = terminal.workspace.exports.get(export)
    terminal.result(found, lambda: show_export(found))


@declare.command(app, "cancel")
def cancel(terminal: Terminal, export: ExportArgument) -> None:
    """Call off an export that is being made elsewhere; nothing of it is kept."""
    found = terminal.workspace.exports.cancel(export)
    terminal.result(found, lambda: [plain(f"The export of {found.version} is {found.state.value}.")])


@declare.command(app, "remove")
def remove(terminal: Terminal, export: ExportArgument) -> None:
    """Remove an export with its files. The version stays."""
    found = terminal.workspace.exports.remove(export)
    terminal.result(found, lambda: [plain(f"The export of {found.version} as {found.request.form} is removed.")])


@declare.command(app, "load")
def load(
    terminal: Terminal,
    export: ExportArgument,
    name: Annotated[str | None, typer.Option(metavar="NAME", help="In Ollama (default: after the version).")] = None,
    push: Annotated[
        bool, typer.Option("--push", help="Also push it to the registry that the name belongs to.")
    ] = False,
) -> None:
    """Bring an export for Ollama into the Ollama that runs here, through its API."""
    loaded = terminal.patiently(
        "Loading into Ollama",
        lambda report: terminal.workspace.ollama.load(export, name=name, push=push, on_progress=report),
    )
    terminal.result({"model": loaded}, lambda: [plain(f"Ollama now has {loaded}.")])
    terminal.say("Chat with it:", plain(f"  ollama run {loaded}", "command"))


def _weights(text: str | None) -> tuple[float, ...]:
    try:
        return tuple(float(part) for part in text.split(",")) if text else ()
    except ValueError:
        reason = f"--weights {text}: they are numbers with commas between, e.g. 0.7,0.3."
        raise NotUnderstood(message=reason, command="luthier exports merge") from None


def _bytes(text: str) -> int:
    try:
        return int(bytes_of(text))
    except ValueError as error:
        raise NotUnderstood(message=f"--at-most {text}: {error}.", command="luthier exports make") from None
