import math
from pathlib import Path

import pytest
import torch

from luthier.domain.jobs import Progress
from luthier.domain.measuring import FromMeasuring, Measurement, MeasuringFailed, MeasuringOrder
from luthier.engine.device_rates import disk_rate
from luthier.engine.pass_rates import tokens_in_passes
from luthier.engine.rates import measure
from luthier.engine.timing import REPEATS, Stopwatch, measured_from
from tests.builders import a_model_shape

Said = list[Measurement | MeasuringFailed | Progress]


def an_order(folder: Path) -> MeasuringOrder:
    shape = a_model_shape(layers=2, hidden=32, intermediate=64, heads=4, kv_heads=2, head_width=8, vocabulary=258)
    return MeasuringOrder(folder=str(folder), base="tiny", shape=shape, seconds_for_each=0.02)


def test_a_measurement_has_a_positive_rate_of_everything_and_says_how_far_it_is(tmp_path: Path) -> None:
    said: Said = []
    found = measure(an_order(tmp_path), said.append)
    processor = found.devices[0]
    assert processor.device == "cpu"
    assert set(processor.matmul_flops) == {"fp32", "bf16"}
    assert {rate.settings.split()[3] for rate in processor.training} == {str(tokens) for tokens in tokens_in_passes()}
    rates = [
        *processor.matmul_flops.values(),
        processor.memory_bytes_per_second,
        found.disk_bytes_per_second,
        *(rate.tokens_per_second for rate in processor.training),
    ]
    for rate in rates:
        assert 0 < rate.low <= rate.median <= rate.high < math.inf
        assert rate.repeats >= 2
        assert rate.spread >= 1
    progress = [each for each in said if isinstance(each, Progress)]
    assert [each.done for each in progress] == sorted(each.done for each in progress)
    assert all(each.done < each.total for each in progress)
    assert list(tmp_path.iterdir()) == []


def test_what_it_says_can_be_read_by_who_started_it(tmp_path: Path) -> None:
    said: Said = []
    found = measure(an_order(tmp_path), said.append)
    for message in (*said, found):
        assert FromMeasuring.validate_json(message.model_dump_json()) == message


def test_a_disk_that_cannot_be_written_is_an_error_and_leaves_nothing(tmp_path: Path) -> None:
    with pytest.raises(OSError, match="absent"):
        disk_rate(tmp_path / "absent")


def test_a_short_piece_of_work_is_repeated_until_the_clock_can_see_it() -> None:
    calls = 0

    def work() -> None:
        nonlocal calls
        calls += 1

    rate = Stopwatch(0.1).rate_of(work, amount=1.0)
    assert rate.repeats == REPEATS
    assert calls > REPEATS * 10


def test_a_spread_is_the_factor_around_the_median() -> None:
    assert measured_from([1.0, 2.0, 3.0]).spread == 2.0
    assert measured_from([4.0, 2.0, 8.0]).spread == 2.0


@pytest.mark.gpu
def test_a_gpu_is_measured_and_is_faster_than_the_processor(tmp_path: Path) -> None:
    found = measure(an_order(tmp_path), lambda _: None)
    gpus = [device for device in found.devices if device.device != "cpu"]
    assert len(gpus) >= max(1, torch.cuda.device_count())
    for gpu in gpus:
        assert gpu.matmul_flops["fp16"].median > found.devices[0].matmul_flops["fp32"].median
