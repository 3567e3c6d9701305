"""Calls are compared by function, arguments and the sums that the answer writes."""

import pytest

from luthier.evaluation.calls import calls_in, judge_calls, wrong_sums

WEATHER = '{"name": "get_weather", "arguments": {"city": "Oslo"}}'


@pytest.mark.parametrize(
    ("answer", "value"),
    [
        (WEATHER, 1.0),
        (f"Let me look.\n{WEATHER}", 1.0),
        ('{"name": "get_weather", "arguments": {"city": "oslo"}}', 1.0),
        ('{"name": "get_weather", "arguments": {"city": "Rome"}}', 2 / 3),
        ('{"name": "get_time", "arguments": {"city": "Oslo"}}', 1 / 3),
        ("It is sunny in Oslo.", 0.0),
        (f"{WEATHER}\n{WEATHER}", 2 / 3),
    ],
)
def test_a_call_is_worth_its_function_and_its_arguments(answer: str, value: float) -> None:
    assert judge_calls(WEATHER, answer).value == pytest.approx(value)


def test_a_call_that_nobody_asked_for_is_wrong() -> None:
    assert judge_calls("", WEATHER).value == 0.0
    assert judge_calls("", "You are welcome.").value == 1.0


def test_numbers_count_by_their_value() -> None:
    wanted = '{"name": "add", "arguments": {"a": 17, "b": 25}}'
    assert judge_calls(wanted, '{"name": "add", "arguments": {"a": "17", "b": 25.0}}').value == 1.0


def test_a_scenarios_inline_call_is_read() -> None:
    (call,) = calls_in("You creep closer. [roll: stealth dc=15 mod=+3]")
    assert (call.name, call.arguments) == ("roll", {"skill": "stealth", "dc": "15", "mod": "+3"})
    wanted = '{"name": "roll", "arguments": {"skill": "stealth", "dc": 15, "mod": 3}}'
    assert judge_calls(wanted, "[roll: stealth dc=15 mod=+3]").value == 1.0


def test_sums_that_do_not_hold_are_found() -> None:
    assert wrong_sums("14 + 3 = 17, and 20 - 1 - 2 = 17") == []
    assert wrong_sums("You rolled 14 + 3 = 18.") == ["14 + 3 = 18 is wrong, it makes 17"]
    assert judge_calls(WEATHER, f"{WEATHER} 2 + 2 = 5").value == pytest.approx(2 / 3)
