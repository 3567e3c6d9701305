"""Asks models for an evaluation and remembers every answer on the disk, so that none is asked for twice."""

from collections.abc import Callable, Generator, Sequence
from contextlib import closing
from pathlib import Path
from typing import Protocol

from luthier.data.answers.written import written_answer
from luthier.domain.chat import (
    ChatMessage,
    ChatPiece,
    ChatRequest,
    ChatTarget,
    Embedding,
    EmbeddingRequest,
    Likelihood,
    LikelihoodRequest,
)
from luthier.domain.datasets import ToolCall
from luthier.domain.evaluations import NoJudge
from luthier.domain.jobs import Progress
from luthier.domain.suites import Case
from luthier.kit.clock import Clock
from luthier.kit.journal import JournalWriter, read_intact
from luthier.services.background import OnProgress

_VERDICT_TOKENS = 64  # a mark is short, but some say a word before it


class Models(Protocol):
    def resolve(self, reference: str) -> ChatTarget: ...

    def stream(self, request: ChatRequest) -> Generator[ChatPiece, None, None]: ...

    def embed(self, request: EmbeddingRequest) -> tuple[Embedding, ...]: ...

    def weigh(self, request: LikelihoodRequest) -> Likelihood: ...


Endpoint = Callable[[Sequence[ChatMessage], int], str]  # with the tokens that its answer may have at most


class Remembered:
    """A journal of what was answered, by key. What a killed process had written of its last line is lost, no more."""

    def __init__(self, path: Path, clock: Clock) -> None:
        self._known = {str(record.body["key"]): str(record.body["text"]) for record in read_intact(path)}
        self._journal = JournalWriter(path, clock, first_seq=len(self._known) + 1)

    def recall(self, key: str, ask: Callable[[], str]) -> str:
        if key not in self._known:
            text = ask()
            self._journal.append("answer", {"key": key, "text": text})
            self._known[key] = text
        return self._known[key]

    def close(self) -> None:
        self._journal.close()


class Steps:
    """Says how far it is; `attend` says it again, which raises what ends the work."""

    def __init__(self, tell: OnProgress) -> None:
        self._tell = tell
        self._last = Progress(what="loading the model", done=0, total=0)

    def step(self, what: str, done: int, total: int) -> None:
        self._last = Progress(what=what, done=done, total=total)
        self.attend()

    def attend(self) -> None:
        self._tell(self._last)


class Asking:
    """`attend` is called after every piece of an answer; what it raises ends the asking."""

    def __init__(self, models: Models, endpoint: Endpoint | None, kept: Remembered, attend: Callable[[], None]) -> None:
        self._models = models
        self._endpoint = endpoint
        self._kept = kept
        self._attend = attend

    def answer(self, who: str, target: ChatTarget, case: Case, most_tokens: int) -> str:
        """With calls as JSON below it. Where a case has no system message, that of the target's training is used."""

        request = ChatRequest(
            target=target,
            messages=with_system(case.messages, target),
            text=case.text,
            tools=case.tools,
            max_new_tokens=most_tokens,
        )
        return self.ask(f"{who}/{case.case_id}", request)

    def ask(self, key: str, request: ChatRequest) -> str:
        return self._kept.recall(key, lambda: self._stream(request))

    def weigh(self, key: str, request: LikelihoodRequest) -> Likelihood:
        def ask() -> str:
            self._attend()
            return self._models.weigh(request).model_dump_json()

        return Likelihood.model_validate_json(self._kept.recall(key, ask))

    def judge(
        self,
        key: str,
        judge: str | None,
        messages: Sequence[ChatMessage],
        most_tokens: int = _VERDICT_TOKENS,
        *,
        json_only: bool = False,
    ) -> str:
        """By a model of the workspace when one is named, else by the endpoint. Raises NoJudge, JudgeUnreachable."""

        def ask() -> str:
            self._attend()
            if judge is not None:
                target = self._models.resolve(judge).model_copy(update={"system_prompt": None})
                asked = ChatRequest(
                    target=target, messages=tuple(messages), max_new_tokens=most_tokens, json_only=json_only
                )
                return self._stream(asked)
            if self._endpoint is None:
                raise NoJudge
            return self._endpoint(messages, most_tokens)

        return self._kept.recall(key, ask)

    def likeness(self, target: ChatTarget, first: str, second: str) -> float:
        """The cosine of two meanings, from 0 to 1; what points apart counts as 0."""
        one, other = self._models.embed(EmbeddingRequest(target=target, texts=(first, second)))
        cosine = sum(a * b for a, b in zip(one.values, other.values, strict=True))
        return min(1.0, max(0.0, cosine))

    def _stream(self, request: ChatRequest) -> str:
        said: list[str] = []
        calls: list[ToolCall] = []
        with closing(self._models.stream(request)) as pieces:
            for piece in pieces:
                said.append(piece.text)
                calls += piece.tool_calls
                self._attend()
        return written_answer("".join(said), calls)


def with_system(messages: tuple[ChatMessage, ...], target: ChatTarget) -> tuple[ChatMessage, ...]:
    """That of the target's training, where the messages bring none."""
    if not messages or messages[0].role == "system" or not target.system_prompt:
        return messages
    return (ChatMessage(role="system", content=target.system_prompt), *messages)
