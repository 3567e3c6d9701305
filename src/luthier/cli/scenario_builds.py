"""`luthier scenarios build`: from Markdown to a GGUF file under a size limit, in one command that can be repeated."""

from pathlib import Path
from typing import Annotated

import typer

from luthier.cli import declare
from luthier.cli.asking import AskedFor, SetOption, recipe_from
from luthier.cli.attend import pause_it
from luthier.cli.errors import NotUnderstood
from luthier.cli.follow import follow
from luthier.cli.outcome import report_outcome
from luthier.cli.render.text import plain
from luthier.cli.terminal import Terminal
from luthier.domain.recipes import bytes_of
from luthier.domain.run_states import RunState
from luthier.domain.scenario_builds import BuildWanted, Built
from luthier.kit.units import show_bytes


def add_to(app: typer.Typer) -> None:
    declare.command(app, "build")(build)


def build(
    terminal: Terminal,
    folder: Annotated[Path, typer.Argument(metavar="FOLDER", help="Scenarios in Markdown.")],
    max_size: Annotated[str, typer.Option(metavar="SIZE", help="Of the file, e.g. 200MB.")],
    out: Annotated[Path | None, typer.Option(metavar="FOLDER", help="Where it is put (default: here).")] = None,
    base: Annotated[str, typer.Option(metavar="BASE", help="What is tuned.")] = "starter",
    vary: Annotated[int, typer.Option(min=0, metavar="N", help="Train on N variations of them.")] = 0,
    pin: SetOption = None,
) -> int:
    """Tune a model on scenarios and put it into one file. Repeated, it goes on from where it was left."""
    wanted = BuildWanted(
        folder=str(folder),
        name=folder.absolute().name,
        max_bytes=_bytes(max_size),
        base=base,
        vary=vary,
        settings=recipe_from(None, AskedFor(data=str(folder), pins=tuple(pin or ()))).settings,
        out=str(out) if out else None,
    )
    builds = terminal.workspace.scenario_builds
    builds.check_place(wanted)
    dataset = terminal.patiently("1. The scenarios", lambda report: builds.dataset(wanted, report))
    terminal.say(plain(f"1. {dataset.examples} examples from {folder}."))
    seq = terminal.workspace.runs.latest_seq()
    run = terminal.patiently("2. The plan", lambda report: builds.run(wanted, dataset, report))
    terminal.say(plain(f"2. The run {run.name}. Ctrl-C pauses it; the same command goes on."))
    if run.state is not RunState.COMPLETED:
        try:
            run = follow(terminal, run, seq)
        except KeyboardInterrupt:
            return pause_it(terminal, run)
    if run.state is not RunState.COMPLETED:
        return report_outcome(terminal, run)
    export = terminal.patiently("3. The file", lambda report: builds.export(wanted, run, report))
    built = builds.deliver(wanted, export)
    terminal.say(plain(f"3. {export.version} is proven to say the same in llama.cpp as where it was tuned."))
    terminal.result(built, lambda: [plain(_told(built))])
    terminal.say("Ask it:", plain(f"  {built.command}", "command"))
    return 0


def _told(built: Built) -> str:
    return f"{built.file} has {show_bytes(built.bytes)} of the {show_bytes(built.max_bytes)} that it may have."


def _bytes(text: str) -> int:
    try:
        return int(bytes_of(text))
    except ValueError as error:
        raise NotUnderstood(message=f"--max-size {text}: {error}.", command="luthier scenarios build") from None
