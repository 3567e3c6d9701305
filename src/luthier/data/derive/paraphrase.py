"""Whether a model's other words may stand for the first: they must differ, and keep every number and quoted name."""

import re
from dataclasses import replace

from luthier.data.derive.facts import derive_facts
from luthier.data.derive.sources import changed
from luthier.domain.datasets import Example, Role

_NUMBER = re.compile(r"\d+(?:[.,:/-]\d+)*")
_QUOTED = re.compile(r'"([^"\n]+)"|“([^”\n]+)”|«([^»\n]+)»|`([^`\n]+)`|(?<!\w)\'([^\'\n]+)\'(?!\w)')
_SHORTEST, _LONGEST = 0.3, 3.0  # of the first wording's length; beyond, something was lost or made up


def prompt_for(question: str) -> str:
    return derive_facts().paraphrase.prompt.replace("{question}", question)


def fault_of(question: str, answer: str) -> str | None:
    """Why the answer may not stand for the question, in a few words; None when it may."""
    if not answer.strip():
        return "the model said nothing"
    if _plain(answer) == _plain(question):
        return "the model said the same"
    if not _SHORTEST * len(question) <= len(answer) <= _LONGEST * len(question) + 20:
        return "the model said much less or much more"
    if sorted(_NUMBER.findall(answer)) != sorted(_NUMBER.findall(question)):
        return "a number was changed"
    if any(name not in answer for name in quoted_names(question)):
        return "a quoted name was changed"
    if _asks(question) and not _asks(answer):
        return "what was a question is none any more"
    return None


def quoted_names(text: str) -> list[str]:
    return [next(part for part in found if part) for found in _QUOTED.findall(text)]


def tidied(answer: str) -> str:
    """Without the quotation marks that models like to put around all they say."""
    answer = answer.strip()
    for opening, closing in (('"', '"'), ("“", "”"), ("«", "»")):
        inside = answer[1:-1]
        if answer.startswith(opening) and answer.endswith(closing) and opening not in inside and len(answer) > 2:
            return inside.strip()
    return answer


def question_at(example: Example) -> int | None:
    """The place of the turn that is put in other words: the user's first that says something."""
    turns = enumerate(example.messages)
    return next((at for at, each in turns if each.role is Role.USER and each.content.strip()), None)


def paraphrased(example: Example, at: int, words: str) -> Example:
    asked = replace(example.messages[at], content=words)
    return changed(example, "paraphrase", messages=(*example.messages[:at], asked, *example.messages[at + 1 :]))


def _asks(text: str) -> bool:
    return any(mark in text for mark in "?？؟")


def _plain(text: str) -> str:
    return " ".join(re.sub(r"\W+", " ", text.casefold()).split())
