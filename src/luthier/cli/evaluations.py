"""`luthier evaluations`: suites asked of models, compared in pairs, voted on blindly; and the quality of a run."""

from typing import Annotated, Any

import typer

from luthier.cli import declare
from luthier.cli.errors import NotUnderstood
from luthier.cli.render.suites_run import evaluations_table, show_evaluation_run, show_quality
from luthier.cli.render.text import heading, one_line, plain, soft
from luthier.cli.terminal import Terminal
from luthier.domain.evaluations import BlindPair, BlindResult, Evaluation, EvaluationNotFound, Place

app = declare.noun()

EvaluationArgument = Annotated[str, typer.Argument(metavar="EVALUATION", help="Id, or the beginning of one.")]
_PLACES: dict[str, Place] = {"1": "first", "2": "second", "0": "tie"}
_CASES = 5


@declare.command(app, "run")
def run(
    terminal: Terminal,
    target: Annotated[str, typer.Argument(metavar="TARGET", help="A version, a run, or a base model.")],
    suite: Annotated[
        str | None,
        typer.Option(
            metavar="S",
            help="A suite, a file, dataset:NAME, lm-eval:TASK, or held-out (default: that, else instructions).",
        ),
    ] = None,
    against: Annotated[str | None, typer.Option(metavar="TARGET", help="Ask this one the same and compare.")] = None,
    scorer: Annotated[
        list[str] | None, typer.Option(metavar="NAME", help="In place of the suite's own; may be given again.")
    ] = None,
    judge: Annotated[str | None, typer.Option(metavar="TARGET", help="The model that judges, where one does.")] = None,
    most_cases: Annotated[int | None, typer.Option("--cases", min=1, max=2000, metavar="N", help="At most.")] = None,
) -> None:
    """Ask a suite. Ctrl-C leaves it unfinished: asked for again, it goes on without asking again what was answered."""
    asked: dict[str, Any] = {"against": against, "scorers": tuple(scorer or ()), "judge": judge}
    done = terminal.patiently(
        "Evaluating",
        lambda report: terminal.workspace.evaluations.run_here(target, suite, report, most_cases=most_cases, **asked),
    )
    _show(terminal, done, _CASES)
    if done.against is not None:
        terminal.say("Judge it with your own eyes, blindly:")
        terminal.say(plain(f"  luthier evaluations vote {done.evaluation_id}", "command"))


@declare.command(app, "restart")
def restart(terminal: Terminal, evaluation: EvaluationArgument) -> None:
    """Go on with an evaluation that was left unfinished or failed; what was answered is not asked again."""
    evaluations = terminal.workspace.evaluations
    done = terminal.patiently("Evaluating", lambda report: evaluations.begin_again_here(evaluation, report))
    _show(terminal, done, _CASES)


@declare.command(app, "list")
def list_(
    terminal: Terminal,
    version: Annotated[str | None, typer.Argument(metavar="VERSION", help="Only those of this version.")] = None,
    suite: Annotated[str | None, typer.Option(metavar="S", help="Only those of this suite.")] = None,
) -> None:
    """All evaluations, newest first."""
    workspace = terminal.workspace
    evaluations = workspace.evaluations.list(suite, workspace.versions.get(version).version_id if version else None)
    terminal.result(evaluations, lambda: evaluations_table(evaluations))


@declare.command(app, "show")
def show(
    terminal: Terminal,
    reference: Annotated[
        str, typer.Argument(metavar="EVALUATION|RUN|VERSION", help="Of a run or a version: its quality report.")
    ],
    cases: Annotated[str, typer.Option(metavar="N|all", help="How many cases to show.")] = str(_CASES),
) -> None:
    """One evaluation with its cases, or the quality report that a run made when it completed."""
    workspace = terminal.workspace
    if cases != "all" and not cases.isdigit():
        raise NotUnderstood(message=f"--cases {cases}: a number, or all.", command="luthier evaluations show")
    try:
        found = workspace.evaluations.get(reference)
    except EvaluationNotFound:
        report = workspace.quality_reports.of(reference)
        terminal.result(report, lambda: show_quality(report))
        terminal.say(
            "All of it with both answers, as one page:", plain(f"  {workspace.quality_reports.file(reference)}")
        )
        return
    _show(terminal, found, found.cases if cases == "all" else int(cases))


@declare.command(app, "cancel")
def cancel(terminal: Terminal, evaluation: EvaluationArgument) -> None:
    """Call off an evaluation that is being made, or forget one that was left unfinished."""
    found = terminal.workspace.evaluations.cancel(evaluation)
    terminal.result(found, lambda: [plain(f"The evaluation of {found.target} is {found.state.value}.")])


@declare.command(app, "remove")
def remove(terminal: Terminal, evaluation: EvaluationArgument) -> None:
    """Remove an evaluation with its answers and votes."""
    found = terminal.workspace.evaluations.remove(evaluation)
    terminal.result(found, lambda: [plain(f"The evaluation of {found.target} on {found.suite} is removed.")])


@declare.command(app, "vote")
def vote(
    terminal: Terminal,
    evaluation: EvaluationArgument,
    case: Annotated[str | None, typer.Option(metavar="CASE", help="Vote on this case alone, with --choice.")] = None,
    choice: Annotated[str | None, typer.Option(metavar="1|2|0", help="The first, the second, or neither.")] = None,
) -> None:
    """Two answers and nothing that says whose they are: 1 or 2 for the better one, 0 for neither, q to end."""
    votes = terminal.workspace.blind_votes
    if case is not None or choice is not None:
        if case is None or choice not in _PLACES:
            raise NotUnderstood(
                message="A vote needs --case and --choice 1, 2 or 0.", command="luthier evaluations vote"
            )
        result = votes.vote(evaluation, case, _PLACES[choice])
    else:
        if terminal.options.as_json:
            raise NotUnderstood(message="--json needs --case and --choice.", command="luthier evaluations vote")
        while (pair := votes.next_pair(evaluation)) is not None:
            place = _ask(terminal, pair)
            if place is None:
                break
            votes.vote(evaluation, pair.case_id, place)
        result = votes.result(evaluation)
    found = terminal.workspace.evaluations.get(evaluation)
    terminal.result(result, lambda: [plain(_sentence(found, result))])


def _show(terminal: Terminal, evaluation: Evaluation, most_cases: int) -> None:
    workspace = terminal.workspace
    outcomes = workspace.evaluations.outcomes(evaluation.evaluation_id)
    votes = workspace.blind_votes.result(evaluation.evaluation_id) if evaluation.against and outcomes else None
    document = {
        **evaluation.model_dump(mode="json"),
        "outcomes": [each.model_dump(mode="json") for each in outcomes],
        "votes": votes.model_dump(mode="json") if votes else None,
    }
    terminal.result(document, lambda: show_evaluation_run(evaluation, outcomes, votes, most_cases))


def _ask(terminal: Terminal, pair: BlindPair) -> Place | None:
    terminal.say(heading(f"{pair.voted + 1} of {pair.pairs}: {one_line(pair.question)}"))
    for key, text in (("1", pair.first), ("2", pair.second)):
        terminal.say(soft(f"Answer {key}"), plain(text or "(it said nothing)"))
    while True:
        said = str(typer.prompt("Better: 1, 2, 0 for neither, q to end", err=True)).strip().lower()
        if said == "q":
            return None
        if said in _PLACES:
            return _PLACES[said]


def _sentence(evaluation: Evaluation, result: BlindResult) -> str:
    words = {"better": "is preferred", "worse": "is preferred less", "open": "is not proven to be preferred"}
    return (
        f"{result.target} votes for {evaluation.target}, {result.against} for {evaluation.against}, "
        f"{result.ties} ties: "
        f"{evaluation.target} {words[result.verdict]} (sign test, p = {result.p_value:.3g})."
    )
