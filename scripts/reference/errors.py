"""docs/reference/errors.md: every error that a user can meet, by family, with what to do about it."""

import importlib
import inspect
import re
import string
from pathlib import Path

import luthier
from luthier.cli.errors import exit_code_of
from luthier.domain.errors import LuthierError, Problem, concrete_errors
from luthier.server.errors import view_of

HEAD = """\
# Errors

Every error has a code that stays the same, a sentence, and what to do about it. Words in *italics* are filled in
when it happens, words in CAPITALS are yours to fill in.
"""


def page() -> str:
    load_all()
    parts = [HEAD]
    for family in LuthierError.__subclasses__():
        members = sorted(
            {error.code: error for error in (*concrete_errors(family), family) if _is_concrete(error)}.items()
        )
        if members:
            parts.append(f"## {_spaced(family.__name__)}\n")
            parts.extend(_entry(error) for _, error in members)
    return "\n".join(parts)


def load_all() -> None:
    """Imports every module that defines an error, so that the tree knows them all."""
    package = Path(luthier.__file__).parent
    for path in sorted(package.rglob("*.py")):
        if re.search(r'^    code = "', path.read_text(encoding="utf-8"), re.MULTILINE):
            importlib.import_module(".".join(path.relative_to(package.parent).with_suffix("").parts))


def _is_concrete(error: type[LuthierError]) -> bool:
    return "code" in vars(error) and error.__module__.startswith("luthier.")


def _entry(error: type[LuthierError]) -> str:
    lines = [f'<a id="{error.code}"></a>', f"### {error.code}", "", _with_gaps(error.sentence), ""]
    if inspect.isclass(error) and "__doc__" in vars(error) and error.__doc__:
        lines += [inspect.cleandoc(error.__doc__), ""]
    lines += [_answers(error), ""]
    for action in error.actions:
        command = f": `{_with_names(action.command)}`" if action.command else ""
        lines.append(f"- {_with_gaps(action.label)}{command}")
    return "\n".join([*lines, ""])


def _answers(error: type[LuthierError]) -> str:
    """What scripts get: the exit code, and the status unless the error exists in the terminal only."""
    raised = error.__new__(error)
    raised.problem = Problem(code=error.code, sentence=error.sentence)
    exit_code = f"exit code {exit_code_of(raised)}"
    if error.__module__.startswith("luthier.cli."):
        return f"In the terminal only: {exit_code}."
    return f"In the terminal {exit_code}, from the API status {view_of(raised).status}."


def _with_gaps(template: str) -> str:
    return _filled(template, "*{}*")


def _with_names(template: str) -> str:
    return _filled(template, "{}").replace("|", "\\|")


def _filled(template: str, shape: str) -> str:
    parts = string.Formatter().parse(template)
    return "".join(
        text + (shape.format(name.upper() if shape == "{}" else name) if name else "") for text, name, _, _ in parts
    )


def _spaced(name: str) -> str:
    words = "".join(f" {letter.lower()}" if letter.isupper() else letter for letter in name).strip()
    return words.capitalize()
