"""What a judging model is asked, and what its words are worth."""

import re
from collections.abc import Sequence

from luthier.domain.chat import ChatMessage

_MARKS = (1, 5)  # a scale that models keep to; finer ones are hardly used (Zheng et al. 2023, arXiv:2306.05685)
_MARK = """You judge the answer of an assistant. Judge only what is asked, and let no length and no tone sway you.

Question to the assistant:
{question}
{expected}
Answer of the assistant:
{answer}

What you judge: {criterion}

Give a mark from 1 (not at all) to 5 (fully). Reply with the number alone."""
_PAIR = """You compare two answers to the same question. Judge what is said and not how long it is or where it stands.

Question:
{question}
{expected}
Answer A:
{first}

Answer B:
{second}

What you judge: {criterion}

Which answer is better? Reply with A or B, or with C when neither is. Reply with the letter alone."""
PREFERENCE = "which answer helps more, is right, and does what was asked"


def mark_question(question: str, expected: str, answer: str, criterion: str) -> tuple[ChatMessage, ...]:
    return _asked(_MARK.format(question=question, expected=_shown(expected), answer=answer, criterion=criterion))


def mark_of(reply: str) -> float | None:
    """From 0 to 1; None when the reply holds no mark."""
    found = re.search(r"(?<![\d.])([1-5])(?![\d.]*\d)", reply)
    return None if found is None else (int(found[1]) - _MARKS[0]) / (_MARKS[1] - _MARKS[0])


def pair_question(question: str, expected: str, answers: Sequence[str], criterion: str) -> tuple[ChatMessage, ...]:
    first, second = answers
    return _asked(
        _PAIR.format(question=question, expected=_shown(expected), first=first, second=second, criterion=criterion)
    )


def preference_of(reply: str) -> str | None:
    """`A`, `B` or `C`; None when the reply names none."""
    found = re.search(r"\b([ABC])\b", reply.strip().strip("*\"'`").upper())
    return found[1] if found else None


def win_of(forward: str | None, backward: str | None) -> float:
    """What the first answer wins, asked in both orders: judges prefer places, so two that disagree make a tie."""
    if forward is None or backward is None:
        return 0.5
    wins = {("A", "B"): 1.0, ("B", "A"): 0.0}
    return wins.get((forward, backward), 0.5)


def _asked(text: str) -> tuple[ChatMessage, ...]:
    return (ChatMessage(role="user", content=text),)


def _shown(expected: str) -> str:
    return f"\nA good answer would be:\n{expected}\n" if expected else ""
