"""An example as the detectors see it: every text with its place, the answers, and the question before them."""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import NamedTuple

from luthier.domain.datasets import Example, Message, Role


class Said(NamedTuple):
    message: int  # counted from 1; 0 is plain text
    text: str
    small: str  # the text in small letters


class Flag(NamedTuple):
    """A detector's word on one example. `detail` completes the sentence of its reason."""

    code: str
    message: int
    start: int  # character in the text, counted from 0
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Parts:
    texts: tuple[Said, ...]
    answers: tuple[Said, ...]  # contents of the assistant's messages that are trained on; none of plain text
    question: str  # what people and tools say before the first answer; the whole of plain text
    has_silent_answer: bool  # a trained assistant message without content, reasoning and calls


@dataclass(frozen=True, slots=True)
class Detector:
    """`find` gives at most one flag for each of its codes: the first place that shows it."""

    name: str
    find: Callable[[Parts], Iterator[Flag]]


def parts_of(example: Example) -> Parts:
    if not example.messages:
        return Parts((_said(0, example.text),), (), example.text, False)
    texts: list[Said] = []
    answers: list[Said] = []
    question: list[str] = []
    answered = silent = False
    for number, message in enumerate(example.messages, 1):
        answers_now = message.role is Role.ASSISTANT
        said = list(_texts_of(message, number))
        texts += said
        if answers_now:
            answered = True
            silent |= message.train and not (message.content or message.reasoning or message.tool_calls)
            if message.train and message.content:
                answers.append(said[0])
        elif not answered and message.role is not Role.SYSTEM:
            question.append(message.content)
    return Parts(tuple(texts), tuple(answers), "\n".join(question), silent)


def _texts_of(message: Message, number: int) -> Iterator[Said]:
    """The content first."""
    if message.content:
        yield _said(number, message.content)
    if message.reasoning:
        yield _said(number, message.reasoning)
    for call in message.tool_calls:
        yield _said(number, json.dumps(call.arguments, ensure_ascii=False))


def _said(message: int, text: str) -> Said:
    return Said(message, text, text.lower())
