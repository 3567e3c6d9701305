"""The pages that stand by themselves: sign-in, and help."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar, NamedTuple

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse

from luthier.domain.errors import Action
from luthier.server.web.context import Context
from luthier.server.web.frame import Frame, frame_of
from luthier.server.web.rendering import render

router = APIRouter(include_in_schema=False)


class Word(NamedTuple):
    word: str
    meaning: str


WORDS = (
    Word("workspace", "The folder that holds everything of one user or team."),
    Word("base model", "The model one starts from: the built-in starter, a hub id, or a folder."),
    Word("dataset", "An immutable set of checked examples, with its own report."),
    Word("example", "One training item: messages, prompt and completion, or text."),
    Word("recipe", "What the user asks for: base, data, method, settings."),
    Word("plan", "A recipe resolved for one machine; every value says why, every estimate is a range."),
    Word("run", "One execution of a plan, with its attempts, metrics and checkpoints."),
    Word("preflight", "The proof, before the first step, that the model will learn what the examples say."),
    Word("supervised token", "A token that the model is trained to say; the others are only read."),
    Word("held-out examples", "Examples that the model never trains on; the proof is made with them."),
    Word("loss", "How surprised the model is by the right tokens; lower is better."),
    Word("checkpoint", "Everything that is needed to go on from a step, bit for bit."),
    Word("adapter", "What a run produces: small matrices that are added to the base model."),
    Word("version", "An adapter that was registered, with its proof, its data and its recipe."),
)

COMMANDS = (
    Action(label="The whole way, on the sample task", command="luthier demo"),
    Action(label="Check this machine and the workspace", command="luthier doctor"),
    Action(label="Train on a file", command="luthier train --data FILE"),
    Action(label="Watch a run", command="luthier runs watch RUN"),
    Action(label="Pause it, and go on later", command="luthier runs pause RUN"),
    Action(label="Chat with the result, beside its base", command="luthier chat RUN --against starter"),
    Action(label="Check a file without importing it", command="luthier datasets check FILE"),
)


@dataclass(frozen=True, slots=True)
class SignInPage(Context):
    template: ClassVar[str] = "pages/sign_in.html"


@dataclass(frozen=True, slots=True)
class HelpPage(Context):
    template: ClassVar[str] = "pages/help.html"

    frame: Frame
    words: Sequence[Word]
    commands: Sequence[Action]


@router.get("/sign-in")
def sign_in() -> HTMLResponse:
    return render(SignInPage())


@router.get("/help")
def guide(request: Request) -> HTMLResponse:
    return render(HelpPage(frame=frame_of(request), words=WORDS, commands=COMMANDS))
