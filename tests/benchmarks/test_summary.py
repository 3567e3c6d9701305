import pytest

from benchmarks.rows import Measure
from benchmarks.run import outcome_difference, summary
from benchmarks.training import LORA_INSTRUCT


def a_measure(rate: float, losses: tuple[float, ...] = (2.0, 1.5), peak_bytes: int = 4_000_000_000) -> Measure:
    return Measure(per_second=rate, amount=1_700, seconds=1_700 / rate, peak_bytes=peak_bytes, outcome=losses)


def test_one_disturbed_pair_does_not_move_the_result() -> None:
    line = summary(
        LORA_INSTRUCT, [a_measure(400), a_measure(90), a_measure(410)], [a_measure(40), a_measure(41), a_measure(39)]
    )
    assert (line["ours"], line["peer"], line["ratio"]) == (400, 40, 10)


def test_losses_that_differ_in_both_directions_do_not_cancel_out() -> None:
    assert outcome_difference(a_measure(1, (2.0, 1.0)), a_measure(1, (1.9, 1.1))) == pytest.approx(0.1)


def test_a_side_that_did_other_work_fails_the_gate() -> None:
    agreeing = summary(LORA_INSTRUCT, [a_measure(400)], [a_measure(40, (2.01, 1.49))])
    cheating = summary(LORA_INSTRUCT, [a_measure(400)], [a_measure(40, (2.1, 1.6))])
    assert agreeing["agree"] and not cheating["agree"]


def test_runs_of_different_length_are_never_compared() -> None:
    with pytest.raises(ValueError, match="zip"):
        outcome_difference(a_measure(1, (2.0, 1.0)), a_measure(1, (2.0,)))


def test_less_memory_than_the_peer_is_a_ratio_above_one() -> None:
    line = summary(LORA_INSTRUCT, [a_measure(400, peak_bytes=2_000)], [a_measure(40, peak_bytes=6_000)])
    assert line["memory_ratio"] == 3
