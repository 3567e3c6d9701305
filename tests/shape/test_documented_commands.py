import pytest

from luthier.domain.errors import concrete_errors
from scripts.reference.commands import SHARED, commands, options_of
from scripts.reference.errors import load_all
from tests.shape.documented import commands_on, pages, words_of
from tests.shape.sources import ROOT

NOT_WORDS = {"...", "NOUN", "VERB", "[options]", "COMMAND"}
ON_EVERY_COMMAND = {*SHARED, "-q", "-h", "--version"}


def test_every_command_in_the_documentation_exists_with_its_options() -> None:
    known = _known()
    wrong = [
        f"{page.relative_to(ROOT)}: {command} ({reason})"
        for page in pages()
        for command in commands_on(page)
        if (reason := _mistake(command, known))
    ]
    assert wrong == []


def test_every_command_that_an_error_proposes_exists_with_its_options() -> None:
    load_all()
    known = _known()
    proposed = [(error.code, action.command) for error in concrete_errors() for action in error.actions]
    wrong = [
        f"{code}: {command} ({reason})"
        for code, command in proposed
        if command and command.startswith("luthier ") and (reason := _mistake(command, known))
    ]
    assert wrong == []


@pytest.mark.parametrize("command", ["luthier trian --data x", "luthier runs halt x", "luthier train --datta x"])
def test_a_wrong_command_would_be_noticed(command: str) -> None:
    assert _mistake(command, _known())


def _known() -> dict[str, set[str]]:
    return {
        path: {word for option in options_of(command) for word in (*option.opts, *option.secondary_opts)}
        for path, command in commands()
    }


def _mistake(command: str, known: dict[str, set[str]]) -> str:
    words = [word for word in words_of(command) if word not in NOT_WORDS]
    if len(words) > 2 and words[1] == "--workspace":
        words = ["luthier", *words[3:]]
    names = [word for word in words[:3] if not word.startswith("-")]
    path = next((" ".join(names[:end]) for end in (3, 2) if " ".join(names[:end]) in known), None)
    if path is None:
        nouns = {known_path.split()[1] for known_path in known}
        bare = len(names) == 1 or (len(names) == 2 and names[1] in nouns)
        return "" if bare or names[1].isupper() or names[1].startswith("{") else "no such command"
    unknown = {word.partition("=")[0] for word in words if word.startswith("-")} - known[path] - ON_EVERY_COMMAND
    return f"no option {', '.join(sorted(unknown))}" if unknown else ""
