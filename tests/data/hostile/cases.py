"""What a hostile file is: its bytes, and what must be said about it."""

import json
from dataclasses import dataclass, field
from typing import Any

from luthier.data.facts import Limits, limits

GOOD = '{"prompt": "a", "completion": "b"}'
GOOD_CHAT = '{"messages": [{"role": "user", "content": "a"}, {"role": "assistant", "content": "b"}]}'
FEW = limits().model_copy(update={"entries": 40})
SMALL = limits().model_copy(update={"unpacked_bytes": 4_000_000})
FLAT = limits().model_copy(update={"ratio": 50, "ratio_free_bytes": 8_000_000})


@dataclass(frozen=True)
class Case:
    name: str  # of the file, and of the test
    content: bytes
    finds: tuple[str, ...] = ()  # every error and warning, as CODE, CODE:LINE or CODE:FILE; notes with a "~" before
    examples: int = 0
    refused: str = ""  # the code of the error, when nothing can be read at all
    says: str = ""  # a part of the error's or the first finding's sentence
    limits: Limits = field(default_factory=limits)


def in_the_middle(
    name: str, line: str | bytes, find: str = "", *, good: str = GOOD, examples: int = 2, says: str = ""
) -> Case:
    """A line among good ones; what it gives is said for line 3."""
    bad = line if isinstance(line, bytes) else line.encode("utf-8", "surrogatepass")
    sound = f"{good}\n".encode()
    finds = tuple(f"{each}:3" for each in find.split() if each)
    return Case(f"{name}.jsonl", sound * 2 + bad + b"\n" + sound * 2, finds, examples + 2, says=says)


def with_prompt(name: str, prompt: Any, find: str = "", *, examples: int = 3) -> Case:
    return in_the_middle(name, json.dumps({"prompt": prompt, "completion": "b"}), find, examples=examples)


def chat(name: str, turns: Any, find: str = "", *, examples: int = 2, **fields: Any) -> Case:
    return in_the_middle(name, json.dumps({"messages": turns, **fields}), find, good=GOOD_CHAT, examples=examples)


def refused(name: str, content: bytes, code: str = "datasets.unreadable", says: str = "") -> Case:
    return Case(name, content, refused=code, says=says)
