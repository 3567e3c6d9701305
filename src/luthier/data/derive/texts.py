"""What an example says, for comparing, and the same example with its texts changed."""

import hashlib
import json
from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from luthier.data.canonical import content_of
from luthier.data.splits import question_hash
from luthier.domain.datasets import Example, Message, Role

Change = Callable[[str], str]


def question_of(example: Example) -> str:
    """What is asked before the first answer. Not the system's words: they are often the same in every row."""
    if example.text:
        return example.text
    asked: list[str] = []
    for message in example.messages:
        if message.role is Role.ASSISTANT:
            break
        if message.role is not Role.SYSTEM:
            asked.append(message.content)
    return "\n".join(asked)


def whole_of(example: Example) -> str:
    return example.text or "\n".join(message.content for message in (*example.messages, *example.rejected))


def answer_of(example: Example) -> str:
    """The last answer; empty for plain text."""
    return next((each.content for each in reversed(example.messages) if each.role is Role.ASSISTANT), "")


def question_keys(examples: Iterable[Example]) -> NDArray[np.uint64]:
    """Equal where the questions are, blanks and case aside."""
    return np.fromiter((int.from_bytes(question_hash(each)[:8], "little") for each in examples), np.uint64)


def content_key(example: Example) -> int:
    """64 bits of everything that is learned from it."""
    content = json.dumps(content_of(example), ensure_ascii=False, sort_keys=True).encode()
    return int.from_bytes(hashlib.blake2b(content, digest_size=8).digest(), "little")


def content_keys(examples: Iterable[Example]) -> NDArray[np.uint64]:
    return np.fromiter((content_key(example) for example in examples), np.uint64)


def with_texts(example: Example, change: Change) -> dict[str, Any]:
    """The fields of the example with every text changed that is said: contents, reasoning, arguments of calls."""
    if example.text:
        return {"text": change(example.text)}
    return {
        "messages": tuple(_with_texts(message, change) for message in example.messages),
        "rejected": tuple(_with_texts(message, change) for message in example.rejected),
    }


def says_something(example: Example) -> bool:
    """Whether anything can be learned from it: text, or an answer that is not blank."""
    if example.text:
        return bool(example.text.strip())
    answers = [message for message in example.messages if message.role is Role.ASSISTANT and message.train]
    return bool(answers) and all(message.content.strip() or message.tool_calls for message in answers)


def _with_texts(message: Message, change: Change) -> Message:
    return replace(
        message,
        content=change(message.content),
        reasoning=None if message.reasoning is None else change(message.reasoning),
        tool_calls=tuple(replace(call, arguments=_inside(call.arguments, change)) for call in message.tool_calls),
    )


def _inside(value: Any, change: Change) -> Any:
    match value:
        case str():
            return change(value)
        case dict():
            return {key: _inside(item, change) for key, item in value.items()}
        case list():
            return [_inside(item, change) for item in value]
        case _:
            return value
