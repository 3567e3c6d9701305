"""`luthier scenarios`: check, begin, index, format, vary and convert scenarios in Markdown."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from luthier.cli import declare, scenario_builds, scenario_files
from luthier.cli.errors import GOOD, NEEDS_ATTENTION
from luthier.cli.render.scenarios import (
    editor_lines,
    entries_table,
    patterns_table,
    show_conversion,
    show_formatted,
    show_scenarios,
    show_variation,
)
from luthier.cli.render.text import plain
from luthier.cli.terminal import Terminal
from luthier.domain.scenarios import ScenarioKeepWrong, ScenarioOptions, ScenarioVaryWrong

app = declare.noun()


class Output(StrEnum):
    TABLE = "table"
    EDITOR = "editor"


class Each(StrEnum):
    TURN = "turn"
    SCENARIO = "scenario"


PathArgument = Annotated[Path, typer.Argument(metavar="PATH", help="A scenario, or a folder of scenarios.")]
GrammarOption = Annotated[
    Path | None, typer.Option(metavar="FILE", help="Tools and categories (default: scenarios.toml beside them).")
]


@declare.command(app, "check")
def check(
    terminal: Terminal,
    path: PathArgument,
    output: Annotated[
        Output, typer.Option("--format", help="table, or editor: one line for each finding, path:line:column.")
    ] = Output.TABLE,
    grammar: GrammarOption = None,
) -> int:
    """Report on scenarios. Exits with 3 when there are errors."""
    report = terminal.workspace.scenarios.check(str(path), grammar=_text(grammar))
    document = {**report.model_dump(mode="json"), "errors": report.errors, "categories": report.categories}
    shown = editor_lines(report, path) if output is Output.EDITOR else show_scenarios(report)
    terminal.result(document, lambda: shown)
    return NEEDS_ATTENTION if report.errors else GOOD


@declare.command(app, "new")
def new(
    terminal: Terminal,
    template: Annotated[str, typer.Argument(metavar="TEMPLATE", help="A category, or the name of an example.")],
    file: Annotated[Path, typer.Argument(metavar="FILE", help="The Markdown file to begin.")],
    title: Annotated[str | None, typer.Option(metavar="TITLE", help="What the scenario is called.")] = None,
) -> None:
    """Begin a scenario from a template. An existing file is left alone."""
    made = terminal.workspace.scenarios.new(template, str(file), title=title)
    terminal.result({"file": str(made)}, lambda: [plain(str(made))])
    terminal.say("When it is written, check it:", plain(f"  luthier scenarios check {made}", "command"))


@declare.command(app, "templates")
def templates(
    terminal: Terminal,
    show: Annotated[str | None, typer.Option(metavar="NAME", help="Print this one.")] = None,
) -> None:
    """The templates and examples that come with Luthier."""
    scenarios = terminal.workspace.scenarios
    if show is not None:
        text = scenarios.pattern_text(show)
        terminal.result({"name": show, "text": text}, lambda: [text.rstrip("\n")])
        return
    patterns = scenarios.patterns()
    terminal.result(patterns, lambda: patterns_table(patterns))


@declare.command(app, "index")
def index(
    terminal: Terminal,
    path: PathArgument,
    category: Annotated[str | None, typer.Option(metavar="CATEGORY", help="Only these.")] = None,
    tag: Annotated[str | None, typer.Option(metavar="TAG", help="Only those that have it.")] = None,
    grammar: GrammarOption = None,
) -> None:
    """What is in a folder: titles, categories, tags, turns and calls."""
    entries = terminal.workspace.scenarios.index(str(path), category=category, tag=tag, grammar=_text(grammar))
    terminal.result(entries, lambda: entries_table(entries))


@declare.command(app, "format")
def format_(
    terminal: Terminal,
    path: PathArgument,
    only_check: Annotated[bool, typer.Option("--check", help="Change nothing; exit with 3 when files would.")] = False,
) -> int:
    """Lay scenarios out in one way. What they say stays the same."""
    files = terminal.workspace.scenarios.format(str(path), write=not only_check)
    terminal.result(files, lambda: show_formatted(files, only_check=only_check))
    return NEEDS_ATTENTION if only_check and any(file.changed for file in files) else GOOD


@declare.command(app, "vary")
def vary(
    terminal: Terminal,
    path: PathArgument,
    out: Annotated[Path, typer.Option("--out", metavar="FOLDER", help="Where the varied scenarios are written.")],
    count: Annotated[int, typer.Option(min=1, max=100_000, metavar="N", help="How many in all.")] = 60,
    seed: Annotated[int, typer.Option(min=0, max=2**31, metavar="N", help="The same seed gives the same files.")] = 0,
    grammar: GrammarOption = None,
) -> None:
    """Write varied scenarios, as many of each category as of every other."""
    scenarios, rules = terminal.workspace.scenarios, _text(grammar)
    variation = terminal.patiently(
        f"Varying {path}",
        lambda report: scenarios.vary(str(path), str(out), count=count, seed=seed, grammar=rules, on_progress=report),
    )
    terminal.result(variation, lambda: show_variation(variation))


@declare.command(app, "convert")
def convert(  # noqa: PLR0913 - a command's options are its parameters
    terminal: Terminal,
    path: PathArgument,
    to: Annotated[Path | None, typer.Option(metavar="FILE", help="Write training examples as JSON lines.")] = None,
    name: Annotated[str | None, typer.Option(metavar="NAME", help="Keep them as a dataset of this name.")] = None,
    each: Annotated[Each, typer.Option(help="What is one example: a turn of the DM, or a scenario.")] = Each.TURN,
    as_text: Annotated[bool, typer.Option("--as-text", help="Write tool calls as text, not as tool messages.")] = False,
    vary: Annotated[
        int, typer.Option(min=0, max=100_000, metavar="N", help="Vary them first, N in all; with --name.")
    ] = 0,
    seed: Annotated[int, typer.Option(min=0, max=2**31, metavar="N", help="Of the variations.")] = 0,
    grammar: GrammarOption = None,
) -> None:
    """Turn scenarios into training examples."""
    if to is None and name is None:
        raise ScenarioKeepWrong(source=path)
    if vary and to is not None:
        raise ScenarioVaryWrong(source=path)
    scenarios = terminal.workspace.scenarios
    rules = _text(grammar)
    if to is not None:
        made = scenarios.convert(str(path), str(to), each=each.value, as_tools=not as_text, grammar=rules)
        if name is None:
            terminal.result(made, lambda: show_conversion(made))
            return
    options = ScenarioOptions(each=each.value, as_tools=not as_text, count=vary, seed=seed)
    dataset = terminal.patiently(
        f"Reading {path}",
        lambda report: scenarios.keep(str(path), name=name, options=options, grammar=rules, on_progress=report),
    )
    terminal.result(dataset, lambda: [plain(f"{dataset.name} ({dataset.dataset_id}): {dataset.examples} examples.")])
    terminal.say("Train on it:", plain(f"  luthier train --data {dataset.name}", "command"))


def _text(path: Path | None) -> str | None:
    return None if path is None else str(path)


scenario_files.add_to(app)
scenario_builds.add_to(app)
