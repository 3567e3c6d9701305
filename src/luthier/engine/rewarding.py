"""The reward of an answer: the weighted sum of what scorers and the user's own functions make of it.

A function runs apart from files and network, anew for every batch: a reward depends on the answer alone, so that a
resumed run is rewarded as one that was never interrupted.
"""

import json
import math
from collections.abc import Sequence
from typing import Any, NamedTuple

from luthier.data.canonical import content_of
from luthier.data.preflight_findings import named_rows
from luthier.data.render import Renderer
from luthier.domain.datasets import Example
from luthier.domain.rewards import Reward, RewardFailed, RewardInvalid
from luthier.domain.suites import Case, Scoring
from luthier.engine.proof import Question, questions_from
from luthier.evaluation.case_scores import score_text
from luthier.kit.sandbox import NotIsolated, run_apart

_AT_ONCE = 64  # answers, whose rewards fit into what is read of a program's output
_SECONDS = 30.0  # for that many
_PROGRAM = """
import json
asked = json.loads({asked!r})
names = {{"__name__": "rewards"}}
exec(compile({program!r}, "rewards.py", "exec"), names)
given = [float(names[{function!r}](*each)) for each in asked]
print()
print(json.dumps(given))
"""


class Task(NamedTuple):
    question: Question
    example: Example


class Asked(NamedTuple):
    question: Question
    example: Example
    answer: str


def tasks_from(examples: Sequence[Example], renderer: Renderer, room: int) -> list[Task]:
    """Of those that ask something in less than `room` tokens."""
    return [
        Task(question, example)
        for example in examples
        for question in questions_from([example], renderer, room, wanted=1, unanswered=True)
    ]


def rewards_of(rewards: Sequence[Reward], asked: Sequence[Asked]) -> list[float]:
    """One for each answer. Raises RewardFailed, RewardInvalid and PackageMissing."""
    totals = [0.0] * len(asked)
    for reward in rewards:
        given = _scored(reward, asked) if reward.scorer else _computed(reward, asked)
        totals = [total + reward.weight * value for total, value in zip(totals, given, strict=True)]
    return totals


def _scored(reward: Reward, asked: Sequence[Asked]) -> list[float]:
    assert reward.scorer is not None, "a reward without a function has a scorer"
    scoring = Scoring(name=reward.scorer, argument=reward.argument)
    return [score_text(scoring, _case(each), each.answer).value for each in asked]


def _case(asked: Asked) -> Case:
    question = asked.question
    return Case(case_id=str(question.row), text=question.prompt, expected=question.expected, scoring=())


def _computed(reward: Reward, asked: Sequence[Asked]) -> list[float]:
    given: list[float] = []
    for first in range(0, len(asked), _AT_ONCE):
        given += _batch(reward, asked[first : first + _AT_ONCE])
    return given


def _batch(reward: Reward, asked: Sequence[Asked]) -> list[float]:
    program = _PROGRAM.format(
        asked=json.dumps([_told(each) for each in asked]), program=reward.program, function=reward.function
    )
    try:
        ran = run_apart(program, _SECONDS)
    except NotIsolated as error:
        reason = "this system cannot keep a program away from your files; Linux 5.13 and later can"
        raise RewardInvalid(name=reward.name, reason=reason) from error
    rows = [each.question.row for each in asked]
    if not ran.passed:
        raise RewardFailed(name=reward.name, rows=named_rows(rows), reason=_last_line(ran.output))
    given = _numbers(_last_line(ran.output))
    if len(given) != len(asked):
        raise RewardFailed(name=reward.name, rows=named_rows(rows), reason="it printed over its own result")
    odd = [row for row, value in zip(rows, given, strict=True) if not math.isfinite(value)]
    if odd:
        raise RewardFailed(name=reward.name, rows=named_rows(odd), reason="it gave no finite number")
    return given


def _told(asked: Asked) -> tuple[str, str, dict[str, Any]]:
    """What a function gets: the prompt, the answer, and the example with the answer that was hoped for."""
    example = {**content_of(asked.example), "row": asked.question.row, "expected": asked.question.expected}
    return asked.question.prompt, asked.answer, example


def _numbers(line: str) -> list[float]:
    """Empty where the program has written something else there."""
    try:
        return [float(value) for value in json.loads(line)]
    except (TypeError, ValueError):
        return []


def _last_line(output: str) -> str:
    return output.rsplit("\n", 1)[-1].strip() or "it ended without a word"
