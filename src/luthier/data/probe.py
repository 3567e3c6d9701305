"""General questions with their answers, as examples: their loss before and after training shows what was forgotten."""

import tomllib
from functools import cache
from importlib.resources import files

from luthier.domain.datasets import Example, Message, Role
from luthier.kit.frozen import Frozen


class ProbeText(Frozen):
    question: str
    answer: str


class Probe(Frozen):
    source: str
    licence: str
    texts: tuple[ProbeText, ...]


@cache
def probe() -> Probe:
    file = files("luthier.data.facts").joinpath("probe.toml")
    return Probe.model_validate(tomllib.loads(file.read_text("utf-8")))


def probe_examples() -> tuple[Example, ...]:
    return tuple(
        Example(row=row, messages=(Message(Role.USER, text.question), Message(Role.ASSISTANT, text.answer)))
        for row, text in enumerate(probe().texts, 1)
    )
