"""Asks a model for other words, one question after the other, and takes only those that may stand for the first."""

from collections import Counter
from collections.abc import Callable, Generator, Iterator
from contextlib import closing
from typing import Protocol

from luthier.data.derive.augment import ADDED
from luthier.data.derive.chance import pick
from luthier.data.derive.facts import derive_facts
from luthier.data.derive.paraphrase import fault_of, paraphrased, prompt_for, question_at, tidied
from luthier.domain.chat import ChatMessage, ChatPiece, ChatRequest, ChatTarget
from luthier.domain.datasets import Example
from luthier.domain.derivations import Paraphrase
from luthier.domain.jobs import Progress

_SEEDS = 2**31


class Answers(Protocol):
    def stream(self, request: ChatRequest) -> Generator[ChatPiece, None, None]: ...


class Attended:
    """Answers that end when `tell` raises: it is told again how far the work is after every piece."""

    def __init__(self, chat: Answers, tell: Callable[[Progress], None]) -> None:
        self._chat = chat
        self._tell = tell
        self._last = Progress(what="asking the model", done=0, total=0)

    def tell(self, progress: Progress) -> None:
        self._last = progress
        self._tell(progress)

    def stream(self, request: ChatRequest) -> Generator[ChatPiece, None, None]:
        with closing(self._chat.stream(request)) as pieces:
            for piece in pieces:
                self._tell(self._last)
                yield piece


def paraphrases(
    rows: Iterator[Example],
    request: Paraphrase,
    target: ChatTarget,
    chat: Answers,
    counts: Counter[str],
) -> Iterator[Example]:
    """Every row, followed by copies in other words. Closing it ends the answer that is being waited for.

    An answer that may not stand for the question gives no copy; `counts` says how many there were, and why.
    """
    for example in rows:
        yield example
        at = question_at(example)
        if at is None:
            counts["copies not added, because nothing is asked"] += request.copies
            continue
        question = example.messages[at].content
        said = {question}
        for copy in range(request.copies):
            words = _answer(chat, _asking(request, target, question, pick(_SEEDS, request.seed, example.row, copy)))
            fault = "the model did not come to an end" if words is None else fault_of(question, words)
            if words in said:
                fault = fault or "the model said the same"
            if words is None or fault:
                counts[f"copies not added, because {fault}"] += 1
                continue
            said.add(words)
            counts[ADDED] += 1
            yield paraphrased(example, at, words)


def _asking(request: Paraphrase, target: ChatTarget, question: str, seed: int) -> ChatRequest:
    return ChatRequest(
        target=target,
        messages=(ChatMessage(role="user", content=prompt_for(question)),),
        max_new_tokens=derive_facts().paraphrase.most_new_tokens,
        temperature=request.temperature,
        seed=seed,
    )


def _answer(chat: Answers, request: ChatRequest) -> str | None:
    """None when the model was cut off."""
    text, stop_reason = "", ""
    with closing(chat.stream(request)) as pieces:
        for piece in pieces:
            text += piece.text
            stop_reason = piece.stop_reason or stop_reason
    return None if stop_reason == "length" else tidied(text)
