"""Deployments: which version serves in which slot. What is to serve is tried first."""

import time
from collections.abc import Callable
from contextlib import closing

from luthier.domain.chat import ChatMessage, ChatRequest
from luthier.domain.deployments import (
    Deployment,
    Gate,
    NothingToRollBackTo,
    ServesElseNow,
    Trial,
    TrialFailed,
    Turn,
    slot_named,
)
from luthier.domain.errors import LuthierError
from luthier.domain.jobs import Progress
from luthier.domain.versions import Version
from luthier.kit.clock import Clock
from luthier.kit.waiting import attended
from luthier.services.chat import Chat
from luthier.services.versions import Versions
from luthier.store import Store

_ASKED, _TOKENS = "Hello. What can you do for me?", 16
OnProgress = Callable[[Progress], None]  # what it raises ends the trial, and nothing is changed


class Deployments:
    def __init__(self, store: Store, versions: Versions, chat: Chat, clock: Clock, gate: Gate | None = None) -> None:
        """`gate` is asked before a promotion; a rollback goes back to what has passed it, and asks nothing."""
        self._store = store
        self._versions = versions
        self._chat = chat
        self._clock = clock
        self._gate = gate

    def list(self) -> "list[Deployment]":
        """By slot."""
        with self._store.reading() as tx:
            return tx.deployments.list()

    def get(self, slot: str) -> Deployment:
        """Raises DeploymentNotFound."""
        with self._store.reading() as tx:
            return tx.deployments.get(slot)

    def deploy(
        self, reference: str, slot: str, author: str = "user", on_progress: OnProgress | None = None
    ) -> Deployment:
        """It serves once it has passed the gates, its files are whole, and it has loaded and answered.

        Raises SlotWrong, VersionNotFound, TrialFailed, ServesElseNow, and what a gate raises.
        """
        version = self._versions.get(reference)
        current = self._current(slot_named(slot))
        if current is not None and current.serving.version_id == version.version_id:
            return current
        passed = self._passed(version, current)
        trial = self._try(version, slot, on_progress or _unheard)
        turn = self._turn(version, trial, author, "deployed").model_copy(update={"gates": passed})
        return self._serve(slot, current, turn)

    def to_deploy(self, reference: str, slot: str) -> Version:
        """What `deploy` would try: all that can be refused at once is. Raises as it does."""
        version = self._versions.get(reference)
        self._passed(version, self._current(slot_named(slot)))
        return version

    def roll_back(
        self, slot: str, to: str | None = None, author: str = "user", on_progress: OnProgress | None = None
    ) -> Deployment:
        """To what served there before, or to the version named of those; it is tried first.

        Raises DeploymentNotFound, NothingToRollBackTo, TrialFailed, ServesElseNow.
        """
        current, version = self.get(slot), self.to_roll_back(slot, to)
        trial = self._try(version, slot, on_progress or _unheard)
        cause = f"rolled back from {current.serving.label}"
        return self._serve(slot, current, self._turn(version, trial, author, cause))

    def to_roll_back(self, slot: str, to: str | None = None) -> Version:
        """What `roll_back` would try. Raises DeploymentNotFound, NothingToRollBackTo."""
        current = self.get(slot)
        if not current.earlier:
            raise NothingToRollBackTo(wanted=to or "Nothing", slot=slot, reason="nothing served there before")
        target = self._versions.get(to or current.earlier[0].version_id)
        if target.version_id not in {turn.version_id for turn in current.earlier}:
            raise NothingToRollBackTo(wanted=to, slot=slot, reason="it never served there before")
        return target

    def remove(self, slot: str) -> Deployment:
        """Nothing serves there any more; the versions stay. Raises DeploymentNotFound."""
        with self._store.writing() as tx:
            removed = tx.deployments.get(slot)
            tx.deployments.remove(slot)
            body = {"slot": slot, "version": removed.serving.label}
            tx.events.append("deployment.removed", None, "user", body, self._clock.now())
        return removed

    def _current(self, slot: str) -> Deployment | None:
        with self._store.reading() as tx:
            return tx.deployments.find(slot)

    def _passed(self, version: Version, current: Deployment | None) -> str:
        """What the gates say."""
        champion = current.serving.version_id if current else None
        return self._gate.require(version.version_id, champion).sentence if self._gate else ""

    def _try(self, version: Version, slot: str, tell: OnProgress) -> Trial:
        begun = time.monotonic()
        try:
            tell(Progress(what="checking its files", done=0, total=0))
            sha256 = self._versions.check_files(version)
            answer = self._answer(version, tell)
        except LuthierError as error:
            raise TrialFailed(version=version.label, slot=slot, reason=error.problem.sentence) from error
        if not answer.strip():
            raise TrialFailed(version=version.label, slot=slot, reason="it loaded, and answered nothing.")
        return Trial(files_sha256=sha256, answer=answer, seconds=time.monotonic() - begun, at=self._clock.now())

    def _answer(self, version: Version, tell: OnProgress) -> str:
        """Loading may take minutes in which nothing comes; whoever is told meanwhile may end it."""
        target = self._chat.resolve(version.version_id)
        system = [ChatMessage(role="system", content=target.system_prompt)] if target.system_prompt else []
        messages = (*system, ChatMessage(role="user", content=_ASKED))
        request = ChatRequest(target=target, messages=messages, max_new_tokens=_TOKENS)
        progress = Progress(what="loading it", done=0, total=0)
        tell(progress)
        answer = ""
        with closing(attended(self._chat.stream(request), lambda: tell(progress))) as pieces:
            for number, piece in enumerate(pieces, 1):
                answer += piece.text
                progress = Progress(what="hearing its answer", done=number, total=_TOKENS)
                tell(progress)
        return answer

    def _turn(self, version: Version, trial: Trial, author: str, cause: str) -> Turn:
        return Turn(
            version_id=version.version_id,
            label=version.label,
            since=self._clock.now(),
            author=author,
            cause=cause,
            trial=trial,
        )

    def _serve(self, slot: str, before: Deployment | None, turn: Turn) -> Deployment:
        with self._store.writing() as tx:
            tx.versions.find(turn.version_id)  # it may have been removed while it was tried
            if tx.deployments.find(slot) != before:
                raise ServesElseNow(slot=slot, version=turn.label)
            deployment = before.then(turn) if before else Deployment(slot=slot, turns=(turn,))
            tx.deployments.put(deployment)
            body = {"slot": slot, "version_id": turn.version_id, "version": turn.label, "cause": turn.cause}
            tx.events.append("deployment.changed", None, turn.author, body, turn.since)
        return deployment


def _unheard(_: Progress) -> None: ...
