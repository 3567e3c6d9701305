"""Examples of a dataset as cases of a suite: what stands before the last answer is asked, the answer is expected."""

from collections.abc import Iterable, Iterator, Sequence

from luthier.data.answers.written import written_answer
from luthier.domain.chat import ChatMessage
from luthier.domain.datasets import Example, Message, Role
from luthier.domain.suites import Case, ScorerName, Scoring

_JSON_BEGINS = ("{", "[")


def cases_from(examples: Iterable[Example], scorers: Sequence[ScorerName]) -> Iterator[Case]:
    """Those that ask nothing are left out. Answers that are JSON, or calls, are compared as what they are."""
    for example in examples:
        case = _from_text(example, scorers) if example.text else _from_messages(example, scorers)
        if case is not None:
            yield case


def _from_messages(example: Example, scorers: Sequence[ScorerName]) -> Case | None:
    places = [at for at, message in enumerate(example.messages) if message.role is Role.ASSISTANT and message.train]
    if not places or places[-1] == 0:
        return None
    answer = example.messages[places[-1]]
    expected = written_answer(answer.content, answer.tool_calls)
    if not expected.strip():
        return None
    return Case(
        case_id=str(example.row),
        messages=tuple(_as_said(message) for message in example.messages[: places[-1]]),
        tools=example.tools,
        expected=expected,
        scoring=tuple(Scoring(name=name) for name in _fitting(answer, scorers)),
    )


def _as_said(message: Message) -> ChatMessage:
    return ChatMessage(
        role=message.role.value, content=message.content, tool_calls=message.tool_calls, name=message.name
    )


def _fitting(answer: Message, scorers: Sequence[ScorerName]) -> Sequence[ScorerName]:
    if answer.tool_calls:
        return ("tool-call",)
    return ("json",) if answer.content.lstrip().startswith(_JSON_BEGINS) else scorers


def _from_text(example: Example, scorers: Sequence[ScorerName]) -> Case | None:
    """The first half is the prompt, cut between two words; the rest is expected."""
    cut = example.text.rfind(" ", 0, len(example.text) // 2 + 1)
    if cut <= 0:
        return None
    return Case(
        case_id=str(example.row),
        text=example.text[:cut],
        expected=example.text[cut:].strip(),
        scoring=tuple(Scoring(name=name) for name in scorers),
    )
