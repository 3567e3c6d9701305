"""Errors at the rim of the command line: their exit codes, and how they are shown. The only place that decides either.

0 good, 1 failed, 2 wrong usage, 3 needs attention (the data or the model), 130 interrupted.
"""

import sys
import traceback
from typing import Any

import typer
from rich.text import Text

from luthier.cli.consoles import console, print_json
from luthier.cli.render.text import visible
from luthier.domain.errors import (
    AccessDenied,
    Action,
    DataProblem,
    LuthierError,
    MissingPart,
    ModelProblem,
    NotAllowedNow,
    NotFound,
    Problem,
    ShortOfResources,
    UnexpectedFailure,
    Unreachable,
    WorkFailed,
    WrongUsage,
)
from luthier.health.disk import disk_full

GOOD, FAILED, WRONG_USAGE, NEEDS_ATTENTION, INTERRUPTED = 0, 1, 2, 3, 130

_BY_FAMILY: dict[type[LuthierError], int] = {
    WrongUsage: WRONG_USAGE,
    NotFound: WRONG_USAGE,
    NotAllowedNow: FAILED,
    DataProblem: NEEDS_ATTENTION,
    ModelProblem: NEEDS_ATTENTION,
    ShortOfResources: FAILED,
    MissingPart: FAILED,
    Unreachable: FAILED,
    AccessDenied: FAILED,
    WorkFailed: FAILED,
}


class Interrupted(LuthierError):
    code = "cli.interrupted"
    sentence = "Interrupted; what was confirmed before is kept."
    actions = (Action(label="See what is still running in the background", command="luthier runs list"),)


class NotUnderstood(WrongUsage):
    code = "cli.not_understood"
    sentence = "{message}"
    actions = (Action(label="See what it takes", command="{command} --help"),)


def exit_code_of(error: LuthierError) -> int:
    if isinstance(error, Interrupted):
        return INTERRUPTED
    return next(code for family, code in _BY_FAMILY.items() if isinstance(error, family))


def exit_code_of_problem(problem: Problem) -> int:
    """For what a worker reported: preflight found something in the data, or the work itself failed."""
    return NEEDS_ATTENTION if problem.code.startswith("preflight.") else FAILED


def report(raised: BaseException, *, as_json: bool, debug: bool) -> int:
    """Says what went wrong, and returns the exit code that tells it to scripts."""
    if isinstance(raised, SystemExit):
        return raised.code if isinstance(raised.code, int) else FAILED
    if isinstance(raised, BrokenPipeError):
        sys.stdout = None  # who read it is gone; the flush at exit would complain
        return FAILED
    error = _as_luthier_error(raised)
    show_problem(error.problem, debug=debug)
    if as_json:
        print_json({"error": problem_document(error.problem)})
    return exit_code_of(error)


def problem_document(problem: Problem) -> dict[str, Any]:
    return {**problem.model_dump(mode="json"), "help": problem.help_address}


def show_problem(problem: Problem, *, debug: bool) -> None:
    stderr = console(sys.stderr)
    lines = [Text.assemble(("Error: ", "bad"), visible(problem.sentence))]
    if problem.actions:
        lines.append(Text("Try:"))
        lines += [line for action in problem.actions for line in _lines_of(action)]
    lines.append(Text(f"More: luthier help {problem.code}", "soft"))
    if problem.details:
        lines.append(Text(visible(problem.details.rstrip()) if debug else "Technical details: --debug", "soft"))
    for line in lines:
        stderr.print(line, soft_wrap=True)  # whole lines, so that a command can be copied


def _lines_of(action: Action) -> list[Text]:
    label = Text(f"  {visible(action.label)}")
    return [label.append(":"), Text(f"    {visible(action.command)}", "command")] if action.command else [label]


def _as_luthier_error(raised: BaseException) -> LuthierError:
    if isinstance(raised, LuthierError):
        return raised
    if isinstance(raised, KeyboardInterrupt | typer.Abort):
        return Interrupted()
    if isinstance(raised, typer.TyperException):
        context = getattr(raised, "ctx", None)
        command = context.command_path if context else "luthier"
        return NotUnderstood(message=_sentence(raised.format_message()), command=command)
    if full := disk_full(raised):
        return full
    trace = "".join(traceback.format_exception(raised))
    return UnexpectedFailure(what=f"{type(raised).__name__}: {raised}", details=trace)


def _sentence(message: str) -> str:
    message = message.strip()
    return message if message.endswith((".", "?", "!")) else f"{message}."
