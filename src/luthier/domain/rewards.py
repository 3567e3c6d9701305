"""Rewards: what GRPO asks of an answer, as a scorer of the evaluation or as a function of the user's own."""

import json
import re
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, model_validator

from luthier.domain.errors import Action, DataProblem, WrongUsage
from luthier.kit.frozen import Frozen

RewardScorer = Literal[
    "exact",
    "normalised",
    "contains",
    "excludes",
    "regex",
    "json",
    "json-schema",
    "bleu",
    "rouge",
    "chrf",
    "most-words",
    "unrepeated",
    "refusal",
    "tool-call",
]  # those of the evaluation that need nothing but the texts

_WEIGHTED = re.compile(r"\s*(-?[0-9]*\.?[0-9]+)\s*\*\s*(.+)", re.DOTALL)
_IN_FILE = re.compile(r"(.+\.py):([A-Za-z_]\w*)")
_TAKES_JSON = frozenset({"json-schema", "most-words", "refusal"})


class Reward(Frozen):
    """Either `scorer` or `function` is given. The sum of all rewards, each times its weight, is an answer's reward."""

    scorer: RewardScorer | None = None  # gives 0 to 1
    argument: Any = None  # what the scorer takes, as in a suite; without one it compares with the example's answer
    function: str | None = None  # of the user's: (prompt, answer, example) -> a number
    file: str | None = None  # the Python file that holds it
    program: str | None = None  # the text of that file, kept with the run; or given instead of a file
    weight: Annotated[float, Field(ge=-1000, le=1000)] = 1.0

    @model_validator(mode="after")
    def _one_of_both(self) -> "Reward":
        if (self.scorer is None) == (self.function is None):
            raise ValueError("a reward names either a scorer or a function")
        if self.function is not None and self.file is None and self.program is None:
            raise ValueError("a function is in a file, such as rewards.py:brevity")
        return self

    @property
    def name(self) -> str:
        return str(self.scorer or self.function)


def reward_of(written: Any) -> Any:
    """From text: `exact`, `contains=oak` or `rewards.py:brevity`, with a weight before it if need be: `0.5*exact`."""
    if not isinstance(written, str):
        return written
    weighted = _WEIGHTED.fullmatch(written)
    weight, text = (float(weighted[1]), weighted[2].strip()) if weighted else (1.0, written.strip())
    in_file = _IN_FILE.fullmatch(text)
    if in_file:
        return {"file": in_file[1], "function": in_file[2], "weight": weight}
    scorer, equals, argument = text.partition("=")
    fields: dict[str, Any] = {"scorer": scorer.strip(), "weight": weight}
    return fields | {"argument": _argument(scorer.strip(), argument)} if equals else fields


def _argument(scorer: str, text: str) -> Any:
    if scorer not in _TAKES_JSON:
        return text
    try:
        return json.loads(text)
    except ValueError as error:
        raise ValueError(f"what {scorer} takes has to be written as JSON") from error


WrittenReward = Annotated[Reward, BeforeValidator(reward_of)]


class RewardsMissing(WrongUsage):
    code = "rewards.missing"
    sentence = "{method} learns from rewards, and none is named."
    actions = (
        Action(
            label="Name a scorer, or a function of yours as FILE.py:NAME",
            command="luthier train --data FILE --method grpo --reward exact",
        ),
        Action(label="docs/guide/training.md lists the scorers"),
    )


class RewardsUnused(WrongUsage):
    code = "rewards.unused"
    sentence = "Rewards are named, but {method} does not learn from any."
    actions = (
        Action(
            label="Choose the method that does", command="luthier train --data FILE --method grpo --reward {reward}"
        ),
    )


class RewardInvalid(WrongUsage):
    code = "rewards.invalid"
    sentence = "The reward {name} cannot be used: {reason}."
    actions = (Action(label="docs/guide/training.md says what a reward may be"),)


class RewardNeedsAnswers(DataProblem):
    code = "rewards.need_answers"
    sentence = "The reward {name} compares with an answer, and row {row} of {source} has a question alone."
    actions = (
        Action(label="Give every row the answer to compare with; see docs/guide/datasets.md"),
        Action(
            label="Or name a reward that looks at the answer alone, or a function of yours",
            command="luthier train --data {source} --method grpo --reward FILE.py:NAME",
        ),
    )


class RewardFailed(DataProblem):
    code = "rewards.failed"
    sentence = "The reward {name} could not score the answers to {rows}: {reason}."
    actions = (
        Action(label="Mend the function, which gets (prompt, answer, example) and returns a number"),
        Action(
            label="Begin a new run with it", command="luthier train --data FILE --method grpo --reward FILE.py:NAME"
        ),
    )


class KlNeedsAdapter(WrongUsage):
    code = "rewards.kl_needs_adapter"
    sentence = "A KL weight of {weight} holds the model to its base in every step, and there is no base beside it."
    actions = (
        Action(label="Train without it", command="luthier train --data FILE --method grpo --set kl_weight=0"),
        Action(label="Or train an adapter, which keeps the base", command="luthier train --data FILE --adapter lora"),
    )
