import pytest

from luthier.data.canonical import content_of
from luthier.domain.rewards import Reward, RewardFailed
from luthier.engine.proof import Question
from luthier.engine.rewarding import Asked, rewards_of
from tests.builders.jobs import an_example


def asked(answer: str, row: int = 1) -> Asked:
    example = an_example(row)
    return Asked(Question(row=row, prompt="1 x ash", expected='{"ash":1}', ids=[1]), example, answer)


def function(body: str) -> Reward:
    return Reward(function="reward", program=f"def reward(prompt, answer, example):\n    {body}\n")


def test_a_reward_is_the_weighted_sum_of_scorers_and_functions() -> None:
    rewards = (
        Reward(scorer="exact"),
        Reward(scorer="most-words", argument=2, weight=0.5),
        function("return len(answer)"),
    )
    assert rewards_of(rewards, [asked('{"ash":1}'), asked("no idea at all")]) == [1 + 0.5 + 9, 0 + 0 + 14]


def test_a_function_gets_the_prompt_the_answer_and_the_example_with_what_was_expected() -> None:
    told = function(
        "return [prompt, answer, example['expected'], example['row']] == ['1 x ash', 'é', '{\"ash\":1}', 4]"
    )
    assert rewards_of([told], [asked("é", row=4)]) == [1.0]
    content = content_of(an_example(4))
    assert rewards_of([function(f"return example['messages'] == {content['messages']!r}")], [asked("", row=4)]) == [1.0]


def test_what_a_function_prints_disturbs_no_reward_and_keeps_its_order() -> None:
    noisy = function("print('x' * 5000, answer); return int(answer)")
    assert rewards_of([noisy], [asked(str(number)) for number in range(70)]) == list(range(70))


def test_a_function_keeps_nothing_from_one_batch_to_the_next() -> None:
    """Hazard: a reward that counts its calls could not be resumed exactly."""
    counts = Reward(
        function="reward",
        program="calls = []\ndef reward(prompt, answer, example):\n    calls.append(1)\n    return len(calls)\n",
    )
    assert rewards_of([counts], [asked("a")]) == rewards_of([counts], [asked("a")])


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ("return 1 / 0", "ZeroDivisionError"),
        ("return 'good'", "could not convert"),
        ("return float('nan')", "no finite number"),
        ("return open('/etc/passwd').read()", "PermissionError"),
    ],
)
def test_a_function_that_fails_is_told_with_its_rows_and_its_reason(body: str, words: str) -> None:
    with pytest.raises(RewardFailed, match=words) as caught:
        rewards_of([function(body)], [asked("a", row=3)])
    assert "row 3" in str(caught.value)
