from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from luthier.domain.datasets import Example, Message, Role
from luthier.domain.errors import LuthierError
from luthier.domain.recipes import Recipe
from luthier.domain.rewards import Reward, RewardInvalid, RewardNeedsAnswers, RewardsMissing, RewardsUnused
from luthier.services.recipes import dump_recipe, make_recipe
from luthier.services.rewards import check_compared, with_programs

BREVITY = "def brevity(prompt, answer, example):\n    return -len(answer)\n"


def recipe(rewards: Any, method: str = "grpo") -> Recipe:
    return make_recipe({"data": "orders.jsonl", "method": method, "rewards": rewards})


def test_a_reward_is_written_as_text_with_what_it_takes_and_its_weight() -> None:
    found = recipe(["exact", "0.5*contains=oak tree", "-1 * most-words=50", "rewards.py:brevity"]).rewards
    assert found == (
        Reward(scorer="exact"),
        Reward(scorer="contains", argument="oak tree", weight=0.5),
        Reward(scorer="most-words", argument=50, weight=-1),
        Reward(file="rewards.py", function="brevity"),
    )


def test_one_text_may_name_the_sum_of_several_rewards() -> None:
    assert recipe("exact + 0.5*rouge").rewards == recipe(["exact", "0.5*rouge"]).rewards


def test_the_text_of_a_file_goes_with_the_run_so_that_a_later_change_does_not_reach_it(tmp_path: Path) -> None:
    file = tmp_path / "rewards.py"
    file.write_text(BREVITY)
    kept = with_programs(recipe([f"{file}:brevity"]))
    file.write_text("def brevity(): ...\n")
    assert with_programs(kept).rewards[0].program == BREVITY
    assert "brevity" in dump_recipe(kept)


@pytest.mark.parametrize(
    ("program", "words"),
    [
        (None, "cannot be read"),
        ("def brevity(:\n", "no Python: line 1"),
        ("def other(a, b, c): ...\n", "no function of that name; it has other"),
        ("def brevity(answer): ...\n", "takes 1 arguments"),
        ("raise SystemExit('was run')\ndef brevity(): ...\n", "takes 0 arguments"),
    ],
)
def test_a_file_that_gives_no_such_function_is_refused_without_being_run(
    tmp_path: Path, program: str | None, words: str
) -> None:
    file = tmp_path / "rewards.py"
    if program is not None:
        file.write_text(program)
    with pytest.raises(RewardInvalid, match=words):
        with_programs(recipe([f"{file}:brevity"]))


@pytest.mark.parametrize(
    ("rewards", "method", "error"),
    [
        ([], "grpo", RewardsMissing),
        (["exact"], "sft", RewardsUnused),
        (["regex=("], "grpo", RewardInvalid),
        (["json-schema=3"], "grpo", RewardInvalid),
    ],
)
def test_rewards_that_cannot_be_used_are_refused_before_anything_is_queued(
    rewards: list[str], method: str, error: type[LuthierError]
) -> None:
    with pytest.raises(error):
        with_programs(recipe(rewards, method))


QUESTION = Example(row=3, messages=(Message(Role.USER, "How many pegs?"),))
ANSWERED = replace(QUESTION, messages=(*QUESTION.messages, Message(Role.ASSISTANT, "Four.")))


@pytest.mark.parametrize("written", ["exact", "contains", "rouge"])
def test_a_reward_that_compares_needs_an_answer_in_every_row(written: str) -> None:
    rewards = with_programs(recipe([written])).rewards
    check_compared(rewards, "pegs.jsonl", [ANSWERED])
    with pytest.raises(RewardNeedsAnswers, match=r"row 3 of pegs\.jsonl"):
        check_compared(rewards, "pegs.jsonl", [ANSWERED, QUESTION])


@pytest.mark.parametrize("written", ["contains=four", "most-words=5", "regex=^[0-9]"])
def test_a_reward_that_looks_at_the_answer_alone_needs_no_other(written: str) -> None:
    check_compared(with_programs(recipe([written])).rewards, "pegs.jsonl", [QUESTION])
