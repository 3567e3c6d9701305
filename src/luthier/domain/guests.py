"""Guests: programs that live in environments of their own beside a workspace, and ask Luthier for what models say."""

from typing import Literal

from luthier.domain.errors import Action, MissingPart, WorkFailed

Guest = Literal["lm-eval", "deepeval", "mergekit"]


class GuestMissing(MissingPart):
    code = "guests.missing"
    sentence = "{guest} is not installed for this workspace. It lives in an environment of its own, apart from Luthier."
    actions = (
        Action(
            label="Install it there",
            command="python3 -m venv {folder} && {folder}/bin/python -m pip install '{package}'",
        ),
    )


class GuestRefused(WorkFailed):
    code = "guests.refused"
    sentence = "{guest} cannot do this: {reason}."
    actions = (
        Action(label="docs/guide/evaluating.md and docs/guide/merging.md say what guests take and where they look"),
    )


class GuestBroke(WorkFailed):
    code = "guests.broke"
    sentence = "{guest} ended unexpectedly with {how}."
    actions = (
        Action(label="Look at the end of {log}; an offline workspace keeps it from fetching data"),
        Action(label="Then go on: what was answered is kept", command="luthier evaluations restart EVALUATION"),
    )
