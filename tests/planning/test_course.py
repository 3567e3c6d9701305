"""What each method reads, and how often: a plan of pairs that counts one answer is off by two."""

from typing import Any

import pytest

from luthier.domain.recipes import Method
from luthier.planning.course import Course, course_of
from luthier.planning.duration import speed_of
from luthier.planning.fitting import Fit
from tests.builders import a_machine, data_facts
from tests.planning.loads import a_load
from tests.planning.rooms import a_room


def course(method: Method = "sft", micro_batch_tokens: int = 100_000, **facts: Any) -> Course:
    values = {"tokens_p50": 200, "tokens_p95": 200, "tokens_max": 200, "tokens_mean": 200.0, "examples": 64, **facts}
    load = a_load(facts=data_facts(**values))
    machine = a_machine()
    speed = speed_of(load, a_room(), machine.cores, machine.cpu_features)
    return course_of(speed, Fit(load, 512, micro_batch_tokens), method)


def test_a_pair_takes_twice_as_long_as_one_answer() -> None:
    whole, pass_of_its_own = course(sequences=2).step, course(micro_batch_tokens=1600).step
    assert whole == pytest.approx(2 * pass_of_its_own, rel=0.05)


def test_methods_with_a_reference_read_everything_with_the_base_first() -> None:
    assert course("sft").reading == course("orpo", sequences=2).reading == 0
    dpo = course("dpo", sequences=2, held_out=16)
    everything = dpo.reading + dpo.reading_held_out
    assert everything == pytest.approx(5 * dpo.measurement, rel=0.05)  # 80 pairs in all, 16 of them held out
    steps = 2 * round(1 / dpo.share_of_step)
    assert dpo.seconds(steps, measurements=2) == pytest.approx(everything + steps * dpo.step + 2 * dpo.measurement)


def test_a_run_that_ends_within_an_epoch_reads_what_it_learns_from() -> None:
    dpo = course("dpo", sequences=2, held_out=16)
    read = 3 * dpo.share_of_step * dpo.reading + dpo.reading_held_out
    assert dpo.seconds(steps=3, measurements=0) == pytest.approx(read + 3 * dpo.step)
    assert 3 * dpo.share_of_step < 1


def test_kto_reads_each_question_with_an_answer_to_another_one_as_well() -> None:
    sft, kto = course("sft", held_out=16), course("kto", held_out=16)
    assert kto.measurement == pytest.approx(2 * sft.measurement)
    assert sft.step < kto.step < 2 * sft.step
    assert kto.reading + kto.reading_held_out == pytest.approx(5 * kto.measurement, rel=0.05)


def test_without_held_out_examples_nothing_is_measured() -> None:
    assert course(held_out=0).measurement == 0


def test_a_batch_that_is_cut_into_more_passes_takes_longer() -> None:
    assert course(micro_batch_tokens=400).step > course(micro_batch_tokens=1600).step
