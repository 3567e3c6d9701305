"""The tree of commands. Each part is imported when it is called, so that `luthier --help` answers at once."""

import importlib
from typing import Annotated, Any, NamedTuple

import typer
from typer.core import TyperGroup
from typer.main import get_command

from luthier import __version__
from luthier.cli.options import DebugOption, JsonOption, Options, QuietOption, WorkspaceOption


class Part(NamedTuple):
    module: str  # has a Typer called `app`
    summary: str


PARTS = {
    "status": Part("luthier.cli.status", "What is at work, what waits, and what needs you."),
    "demo": Part("luthier.cli.demo", "See it work: tune the starter on a sample task, with proof."),
    "help": Part("luthier.cli.help", "What a word, a setting, an error or a topic means."),
    "doctor": Part("luthier.cli.doctor", "Check this machine and the workspace, and what mends them."),
    "train": Part("luthier.cli.train", "Tune a base model on your own examples."),
    "chat": Part("luthier.cli.chat", "Chat with a version, a run or a base model."),
    "chats": Part("luthier.cli.chats", "What was asked and answered: find, judge, learn from it."),
    "serve": Part("luthier.cli.serve", "Open the workshop in the browser."),
    "desktop": Part("luthier.cli.desktop", "Open the workshop in a window of its own."),
    "keys": Part("luthier.cli.keys", "Keys with which programs may ask models here."),
    "datasets": Part("luthier.cli.datasets", "Check, import and look at examples."),
    "scenarios": Part("luthier.cli.scenarios", "Check, begin, vary and convert scenarios in Markdown."),
    "models": Part("luthier.cli.models", "Base models on this machine."),
    "plans": Part("luthier.cli.plans", "See what a run would do, and why, before it starts."),
    "recipes": Part("luthier.cli.recipes", "Recipes kept under a name: save, share, import, train with."),
    "runs": Part("luthier.cli.runs", "Watch, stop, resume and inspect runs."),
    "evaluations": Part("luthier.cli.evaluations", "Is it better? Suites asked of models, paired, with intervals."),
    "suites": Part("luthier.cli.suites", "What can be asked, how it is scored, and gates."),
    "notify": Part("luthier.cli.notify", "Be told of milestones, failures and alerts."),
    "versions": Part("luthier.cli.versions", "Results that were registered."),
    "logs": Part("luthier.cli.process_logs", "What server and supervisor said, to search."),
    "settings": Part("luthier.cli.settings", "What this workspace is set to, and how long it keeps things."),
    "updates": Part("luthier.cli.updates", "Whether there is a newer Luthier."),
    "deployments": Part("luthier.cli.deployments", "Which version serves in which slot."),
    "clean-up": Part("luthier.cli.clean_disk", "What uses the disk, and what of it can go."),
    "backups": Part("luthier.cli.backups", "Keep the whole workspace in one file, and get it back."),
    "exports": Part("luthier.cli.exports", "Versions as others run them, proven to say the same."),
}


class LateGroup(TyperGroup):
    """Knows names and summaries from the start; the command itself is imported once it was chosen.

    Contexts are `Any` because Typer keeps the class of a command's context private.
    """

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        name, _, rest = super().resolve_command(ctx, args)
        return name, (_load(name) if name else None), rest


def _load(name: str) -> Any:
    part = PARTS[name]
    command = get_command(importlib.import_module(part.module).app)
    command.name = name
    if isinstance(command, TyperGroup):
        command.help = part.summary
    return command


app = typer.Typer(
    cls=LateGroup,
    rich_markup_mode=None,  # plain help: Rich would take longer to import than everything else together
    invoke_without_command=True,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _show_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"luthier {__version__}")
        raise typer.Exit


@app.callback()
def root(
    context: typer.Context,
    workspace: WorkspaceOption = None,
    as_json: JsonOption = False,
    quiet: QuietOption = False,
    debug: DebugOption = False,
    version: Annotated[
        bool, typer.Option("--version", callback=_show_version, is_eager=True, help="Show the version.")
    ] = False,
) -> None:
    """The workshop in which language models are tuned: from raw examples to a model that is proven better."""
    context.obj = Options(workspace, as_json, quiet, debug)
    if context.invoked_subcommand is None:
        typer.echo(context.get_help())


def _known_by_name_only() -> None: ...


for _name, _part in PARTS.items():
    app.command(_name, help=_part.summary)(_known_by_name_only)
