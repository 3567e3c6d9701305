"""Rewards as they are named become rewards that a run can take with it: checked, and with the text of their files."""

import ast
from collections.abc import Sequence
from pathlib import Path

from luthier.data.method_needs import is_question
from luthier.domain.datasets import Example
from luthier.domain.recipes import Recipe
from luthier.domain.rewards import Reward, RewardInvalid, RewardNeedsAnswers, RewardsMissing, RewardsUnused
from luthier.evaluation.suite_scorings import ScoringFault, scorings_from

_ARGUMENTS = 3  # prompt, answer, example
_ANY_ANSWER = "any"  # every example that is asked has an answer to compare with


def with_programs(recipe: Recipe) -> Recipe:
    """Nothing of the user's is run here. Raises RewardsMissing, RewardsUnused and RewardInvalid."""
    if recipe.method != "grpo":
        if recipe.rewards:
            raise RewardsUnused(method=recipe.method, reward=recipe.rewards[0].name)
        return recipe
    if not recipe.rewards:
        raise RewardsMissing(method=recipe.method)
    return recipe.model_copy(update={"rewards": tuple(_checked(reward) for reward in recipe.rewards)})


def check_compared(rewards: Sequence[Reward], source: str, examples: Sequence[Example]) -> None:
    """Raises RewardNeedsAnswers where a scorer compares with an answer that an example does not have."""
    alone = next((example for example in examples if is_question(example)), None)
    if alone is None:
        return
    for reward in rewards:
        if reward.scorer is not None and not _fits(reward, expected=""):
            raise RewardNeedsAnswers(name=reward.name, row=alone.row, source=source)


def _checked(reward: Reward) -> Reward:
    if reward.scorer is not None:
        _check_scorer(reward)
        return reward
    program = reward.program if reward.program is not None else _text_of(reward)
    _check_function(reward, program)
    return reward.model_copy(update={"program": program})


def _check_scorer(reward: Reward) -> None:
    try:
        _scoring(reward, _ANY_ANSWER)
    except ScoringFault as fault:
        raise RewardInvalid(name=reward.name, reason=str(fault)) from fault


def _fits(reward: Reward, expected: str) -> bool:
    try:
        _scoring(reward, expected)
    except ScoringFault:
        return False
    return True


def _scoring(reward: Reward, expected: str) -> None:
    scorings_from([reward.scorer if reward.argument is None else {reward.scorer: reward.argument}], expected)


def _text_of(reward: Reward) -> str:
    try:
        return Path(str(reward.file)).read_text("utf-8")
    except OSError as error:
        raise RewardInvalid(name=reward.name, reason=f"{reward.file} cannot be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise RewardInvalid(name=reward.name, reason=f"{reward.file} is no text in UTF-8") from error


def _check_function(reward: Reward, program: str) -> None:
    where = reward.file or "the program"
    try:
        body = ast.parse(program).body
    except (SyntaxError, ValueError) as error:
        line = f"line {error.lineno}: " if isinstance(error, SyntaxError) else ""
        raise RewardInvalid(name=reward.name, reason=f"{where} is no Python: {line}{error.args[0]}") from error
    functions = {each.name: each for each in body if isinstance(each, ast.FunctionDef)}
    function = functions.get(str(reward.function))
    if function is None:
        there = f"it has {', '.join(functions)}" if functions else "it has none"
        raise RewardInvalid(name=reward.name, reason=f"{where} has no function of that name; {there}")
    taken = function.args
    most = len(taken.posonlyargs) + len(taken.args)
    fewest = most - len(taken.defaults)
    if taken.vararg is None and not fewest <= _ARGUMENTS <= most:
        reason = f"it takes {most} arguments, and is given three: prompt, answer and example"
        raise RewardInvalid(name=reward.name, reason=reason)
