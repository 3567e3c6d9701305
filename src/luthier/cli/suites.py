"""`luthier suites`: what can be asked, the check of a file of one's own, and gates."""

from collections.abc import Iterable
from pathlib import Path
from typing import Annotated

import typer
from rich.console import RenderableType

from luthier.cli import declare
from luthier.cli.render.tables import Cell, facts, table
from luthier.cli.render.text import count_of, one_line, plain, soft
from luthier.cli.terminal import Terminal
from luthier.domain.suites import Suite

app = declare.noun()

SuiteArgument = Annotated[str, typer.Argument(metavar="SUITE", help="A name, the path of a file, or dataset:NAME.")]
FileArgument = Annotated[Path, typer.Argument(metavar="FILE", help="YAML, JSON or JSON lines.")]


@declare.command(app, "list")
def list_(terminal: Terminal) -> None:
    """The suites that come with Luthier and your own, with what is gated."""
    suites, gates = terminal.workspace.suites.list(), terminal.workspace.gates.list()
    allowed = {gate.suite: gate.allowed_drop for gate in gates}
    document = [{**_head(suite), "allowed_drop": allowed.get(suite.name)} for suite in suites]
    rows: list[tuple[Cell, ...]] = [
        (suite.name, str(len(suite.cases)), ", ".join(suite.scorers), _gate(allowed.get(suite.name)), suite.about)
        for suite in suites
    ]
    terminal.result(document, lambda: [table(("Suite", "Cases", "Scorers", "Gate", "About"), rows, right=("Cases",))])


@declare.command(app, "show")
def show(terminal: Terminal, suite: SuiteArgument) -> None:
    """One suite with its cases and how each is scored."""
    found = terminal.workspace.suites.get(suite)
    terminal.result(found, lambda: _shown(found))


@declare.command(app, "check")
def check(terminal: Terminal, file: FileArgument) -> None:
    """Whether a file can be used as a suite; what is wrong is told with its line. Exit code 3 when something is."""
    found = terminal.workspace.suites.check(file)
    sentence = f"{file} is a suite of {count_of(len(found.cases), 'case')}, scored by {', '.join(found.scorers)}."
    terminal.result(_head(found), lambda: [plain(sentence, "good")])
    terminal.say("Ask it:", plain(f"  luthier evaluations run TARGET --suite {file}", "command"))


@declare.command(app, "add")
def add(terminal: Terminal, file: FileArgument) -> None:
    """Keep a suite in the workspace under its name, so that it can be asked from the browser and gated."""
    terminal.workspace.suites.check(file)
    found = terminal.workspace.suites.add(file.read_text(encoding="utf-8-sig"), file.name)
    terminal.result(_head(found), lambda: [plain(f"The suite {found.name} is kept.")])


@declare.command(app, "remove")
def remove(terminal: Terminal, name: Annotated[str, typer.Argument(metavar="SUITE", help="One of your own.")]) -> None:
    """Remove a suite of your own. Evaluations that were made of it stay."""
    found = terminal.workspace.suites.remove(name)
    terminal.result(_head(found), lambda: [plain(f"The suite {found.name} is removed.")])


@declare.command(app, "gate")
def gate(
    terminal: Terminal,
    suite: SuiteArgument,
    allowed_drop: Annotated[
        float, typer.Option(min=0, max=1, metavar="SHARE", help="How much of the mean score may be lost, e.g. 0.02.")
    ] = 0.0,
    off: Annotated[bool, typer.Option("--off", help="No longer.")] = False,
) -> None:
    """From now on no version is promoted that gets worse on this suite."""
    gates = terminal.workspace.gates
    if off:
        gates.remove(suite)
        terminal.result({"suite": suite, "allowed_drop": None}, lambda: [plain(f"{suite} is no longer gated.")])
        return
    made = gates.put(suite, allowed_drop)
    terminal.result(
        made, lambda: [plain(f"{made.suite} is gated: at most {100 * made.allowed_drop:g} points may be lost.")]
    )


def _head(suite: Suite) -> dict[str, object]:
    document = suite.model_dump(mode="json", exclude={"cases"})
    return {**document, "cases": len(suite.cases), "scorers": suite.scorers, "categories": suite.categories}


def _gate(allowed_drop: float | None) -> str:
    return "" if allowed_drop is None else f"at most {100 * allowed_drop:g} points"


def _shown(suite: Suite) -> Iterable[RenderableType]:
    pairs = (("Suite", suite.name), ("About", suite.about), ("Source", suite.source), ("Licence", suite.licence))
    yield facts((name, value) for name, value in pairs if value)
    rows = [
        (case.case_id, case.category, one_line(case.question, 120), ", ".join(scoring.name for scoring in case.scoring))
        for case in suite.cases
    ]
    yield table(("Case", "Category", "Question", "Scorers"), rows)
    yield soft(f"At most {suite.max_new_tokens} tokens an answer; {suite.sha256[:12]}.")
