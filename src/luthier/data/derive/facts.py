"""Facts for deriving datasets that are data, not code: lists of words, and what a model is asked."""

import tomllib
from functools import cache
from importlib.resources import files

from luthier.domain.derivations import NameUnknown
from luthier.kit.frozen import Frozen


class ParaphraseFacts(Frozen):
    prompt: str  # with {question} in it
    most_new_tokens: int


class DeriveFacts(Frozen):
    words: dict[str, tuple[str, ...]]
    paraphrase: ParaphraseFacts


@cache
def derive_facts() -> DeriveFacts:
    text = files(__package__).joinpath("facts.toml").read_text(encoding="utf-8")
    return DeriveFacts.model_validate(tomllib.loads(text))


def words_called(name: str) -> tuple[str, ...]:
    """Raises NameUnknown."""
    known = derive_facts().words
    if name not in known:
        raise NameUnknown(kind="list of words", name=name, known=", ".join(known))
    return known[name]
