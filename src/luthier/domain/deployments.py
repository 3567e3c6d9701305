"""Where versions serve: slots of this workspace and what served in them before, and programs that take exports."""

import re
from datetime import datetime
from typing import Protocol

from luthier.domain.errors import Action, MissingPart, NotAllowedNow, NotFound, Unreachable, WorkFailed, WrongUsage
from luthier.kit.frozen import Frozen

MOST_SERVED = 100  # turns of a slot that are remembered; the oldest are forgotten
_SLOT = re.compile(r"[a-z0-9][a-z0-9_-]{0,63}/[a-z0-9][a-z0-9_-]{0,63}")


class Trial(Frozen):
    """What was seen of a version before it was let serve: its files are whole, and it loads and answers."""

    files_sha256: str
    answer: str  # the beginning of what it said
    seconds: float
    at: datetime


class Turn(Frozen):
    """One version's time in a slot."""

    version_id: str
    label: str
    since: datetime
    author: str
    cause: str  # "deployed" or "rolled back from ..."
    trial: Trial
    gates: str = ""  # what the regression gates said


class Deployment(Frozen):
    """A version serving under the name of a slot, `subject/trait`, in /v1 and in chats."""

    slot: str
    turns: tuple[Turn, ...]  # oldest first; the last one serves

    @property
    def serving(self) -> Turn:
        return self.turns[-1]

    @property
    def earlier(self) -> tuple[Turn, ...]:
        """What served before and can be rolled back to: each version once, the latest first."""
        others = (turn for turn in reversed(self.turns) if turn.version_id != self.serving.version_id)
        by_version: dict[str, Turn] = {}
        for turn in others:
            by_version.setdefault(turn.version_id, turn)
        return tuple(by_version.values())

    def then(self, turn: Turn) -> "Deployment":
        return self.model_copy(update={"turns": (*self.turns, turn)[-MOST_SERVED:]})


class GateAnswer(Protocol):
    @property
    def sentence(self) -> str: ...


class Gate(Protocol):
    """Asked before a version is promoted."""

    def require(self, version_id: str, champion_id: str | None = None) -> GateAnswer:
        """Raises what says why the version must not take the champion's place."""


def slot_named(name: str) -> str:
    """Raises SlotWrong."""
    if not _SLOT.fullmatch(name):
        raise SlotWrong(slot=name)
    return name


class SlotWrong(WrongUsage):
    code = "deployments.slot_wrong"
    sentence = "{slot} is no slot: it is written subject/trait, in small letters, digits, dashes and underscores."
    actions = (Action(label="Write it so", command="luthier versions deploy VERSION dungeon-master/tone"),)


class DeploymentNotFound(NotFound):
    code = "deployments.not_found"
    sentence = "Nothing serves in the slot {slot}."
    actions = (
        Action(label="See what serves", command="luthier deployments list"),
        Action(label="Let a version serve there", command="luthier versions deploy VERSION {slot}"),
    )


class NothingToRollBackTo(NotAllowedNow):
    code = "deployments.nothing_earlier"
    sentence = "{wanted} cannot be rolled back to in {slot}: {reason}."
    actions = (
        Action(label="See what served there", command="luthier deployments show {slot}"),
        Action(label="Or deploy another version", command="luthier versions deploy VERSION {slot}"),
    )


class TrialFailed(NotAllowedNow):
    code = "deployments.trial_failed"
    sentence = "{version} was tried before it may serve in {slot}, and failed: {reason} What serves there now goes on."
    actions = (
        Action(label="Ask it something yourself", command="luthier chat {version}"),
        Action(label="Choose another version", command="luthier versions list"),
    )


class ServesElseNow(NotAllowedNow):
    code = "deployments.changed_meanwhile"
    sentence = "Somebody else changed what serves in {slot} while {version} was being tried; nothing was changed."
    actions = (Action(label="See what serves there now", command="luthier deployments show {slot}"),)


class OllamaUnreachable(Unreachable):
    code = "ollama.unreachable"
    sentence = "Ollama does not answer at {address}: {reason}."
    actions = (
        Action(label="Start it", command="ollama serve"),
        Action(label="Or say where it is", command="export LUTHIER_OLLAMA_URL=http://HOST:11434"),
    )


class OllamaFailed(WorkFailed):
    code = "ollama.failed"
    sentence = "Ollama at {address} refused: {reason}."
    actions = (Action(label="Look at what it has", command="ollama list"),)


class NotForOllama(WrongUsage):
    code = "ollama.wrong_form"
    sentence = "This export of {version} is of the form {form}, and Ollama takes those made for it."
    actions = (Action(label="Make one for Ollama", command="luthier exports make {version} --to ollama"),)


class CactusMissing(MissingPart):
    code = "exports.cactus_missing"
    sentence = "The package for phones is made by the cactus command, which is not installed here."
    actions = (
        Action(label="Install Cactus, and see to its licence: it is not free software"),
        Action(
            label="Or export a GGUF file, which many phone apps run", command="luthier exports make {version} --to gguf"
        ),
    )


class CactusFailed(WorkFailed):
    code = "exports.cactus_failed"
    sentence = "The cactus command could not convert {version} (exit code {code})."
    actions = (Action(label="Look at what it wrote, in the details"),)
