"""What lm-evaluation-harness tells of its cases, as outcomes: its own figures are the scores, case by case."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from typing import Any

from luthier.domain.chat import ChatMessage
from luthier.domain.evaluations import CaseOutcome
from luthier.kit.frozen import Frozen

_AS_CHAT = '{"messages": '
ELSEWHERE = "(it goes on in another way)"


class HarnessSample(Frozen):
    """One case under one of the task's filters, as the guest tells it."""

    task: str
    number: int  # of the case in its task
    filter: str
    context: str
    choices: tuple[tuple[str, str], ...]  # contexts and continuations that were weighed; none where text was asked for
    said: tuple[Any, ...]  # texts, or [log probability, whether it is the likeliest] of each choice
    target: Any
    figures: dict[str, Any]
    higher_is_better: dict[str, bool | None]


def outcomes_of(own: Sequence[HarnessSample], other: Sequence[HarnessSample] | None) -> list[CaseOutcome]:
    """One a case, in the order of the tasks. Cases without a score between 0 and 1 are left out."""
    mine, theirs = _by_case(own), _by_case(other) if other is not None else {}
    has_tasks = len({task for task, _ in mine}) > 1
    outcomes = []
    for (task, number), samples in mine.items():
        against = theirs.get((task, number))
        scores = _scores(samples)
        if not scores or (other is not None and against is None):
            continue
        first = samples[0]
        outcomes.append(
            CaseOutcome(
                case_id=f"{task}/{number}" if has_tasks else str(number),
                category=task if has_tasks else "",
                question=_question(first),
                expected=_expected(first),
                answer=_answer(first),
                scores=scores,
                against=_answer(against[0]) if against else None,
                against_scores=_scores(against) if against else {},
            )
        )
    return outcomes


def digest_of(outcomes: Sequence[CaseOutcome]) -> str:
    """Of what was asked, so that two evaluations of one task can be told to be of the same cases."""
    asked = [[outcome.case_id, outcome.question, outcome.expected, sorted(outcome.scores)] for outcome in outcomes]
    return hashlib.sha256(json.dumps(asked).encode()).hexdigest()


def has_messages(context: str) -> bool:
    """Whether it is asked as a chat; to the harness a context is a text, so the messages are written as one."""
    return context.startswith(_AS_CHAT)


def messages_in(context: str) -> tuple[ChatMessage, ...]:
    return tuple(ChatMessage.model_validate(each) for each in json.loads(context)["messages"])


def _by_case(samples: Sequence[HarnessSample]) -> Mapping[tuple[str, int], list[HarnessSample]]:
    cases: dict[tuple[str, int], list[HarnessSample]] = {}
    for sample in samples:
        cases.setdefault((sample.task, sample.number), []).append(sample)
    return cases


def _scores(samples: Sequence[HarnessSample]) -> dict[str, float]:
    """Figures of which more is better and that lie between 0 and 1; those of a whole corpus are none of a case."""
    filters = {sample.filter for sample in samples}
    scores = {}
    for sample in samples:
        for name, value in sample.figures.items():
            is_number = isinstance(value, int | float)
            if is_number and 0 <= value <= 1 and sample.higher_is_better.get(name) is not False:
                scores[f"{name} ({sample.filter})" if len(filters) > 1 else name] = float(value)
    return scores


def _question(sample: HarnessSample) -> str:
    """The last turn, where the case was asked as a chat."""
    return messages_in(sample.context)[-1].content if has_messages(sample.context) else sample.context


def _expected(sample: HarnessSample) -> str:
    choices = _alternatives(sample)
    if isinstance(sample.target, int) and 0 <= sample.target < len(choices):
        return choices[sample.target].strip()
    if isinstance(sample.target, list):
        return "\n".join(map(str, sample.target))
    return str(sample.target).strip()


def _answer(sample: HarnessSample) -> str:
    """The text, or the likeliest of the choices."""
    choices = _alternatives(sample)
    if not choices:
        return str(sample.said[0])
    if len(choices) == 1:
        return choices[0].strip() if sample.said[0][1] else ELSEWHERE
    return max(zip(choices, sample.said, strict=False), key=lambda pair: pair[1][0])[0].strip()


def _alternatives(sample: HarnessSample) -> list[str]:
    """Continuations of the case's own context; some tasks weigh them without it as well."""
    return [continuation for context, continuation in sample.choices if context == sample.context]
