"""`python -m luthier.engine.rates` measures this machine: an order as JSON comes in, lines of JSON go out."""

import sys
import time
import traceback
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import TypeVar

import torch

from luthier.domain.errors import UnexpectedFailure
from luthier.domain.jobs import Progress
from luthier.domain.machine import DeviceRates, Measured, TrainingRate
from luthier.domain.measuring import Measurement, MeasuringFailed, MeasuringOrder
from luthier.engine.device_rates import Accelerator, accelerators, disk_rate, matmul_rate, memory_rate, precisions_of
from luthier.engine.pass_rates import TrainingPass, tokens_in_passes
from luthier.engine.timing import Stopwatch
from luthier.health.disk import disk_full

Result = TypeVar("Result")
_IMITATED = 0.2  # of the rate of the fastest precision
_LONG_SECONDS = 30.0
Say = Callable[[Measurement | MeasuringFailed | Progress], None]


def main() -> int:
    order = MeasuringOrder.model_validate_json(sys.stdin.buffer.read())
    try:
        _say(measure(order, _say))
    except Exception as error:  # noqa: BLE001 - this process's rim: whatever it is, whoever started it hears of it
        full = disk_full(error, Path(order.folder))
        unexpected = UnexpectedFailure(what=f"{type(error).__name__} while measuring", details=traceback.format_exc())
        _say(MeasuringFailed(problem=(full or unexpected).problem))
        return 1
    return 0


def measure(order: MeasuringOrder, say: Say) -> Measurement:
    """Takes less than a minute on a processor of two cores."""
    gpus = list(accelerators())
    stopwatch = Stopwatch(order.seconds_for_each)
    cpu = torch.device("cpu")
    steps = _Steps(say, _count_of_steps([gpu.device for gpu in gpus]))
    products = _products(stopwatch, cpu, steps)
    memory = steps.take("copying in memory", partial(memory_rate, stopwatch, cpu))
    disk = steps.take("writing to the disk", partial(disk_rate, Path(order.folder)))
    by_speed = sorted(products, key=lambda precision: -products[precision].median)
    training = tuple(rate for precision in by_speed for rate in _training(order, precision, products, steps))
    processor = DeviceRates(
        device="cpu", name="processor", matmul_flops=products, memory_bytes_per_second=memory, training=training
    )
    return Measurement(
        torch=str(torch.__version__),
        threads=torch.get_num_threads(),
        devices=(processor, *(_gpu_rates(stopwatch, gpu, steps) for gpu in gpus)),
        disk_bytes_per_second=disk,
    )


class _Steps:
    def __init__(self, say: Say, total: int) -> None:
        self._say = say
        self._total = total
        self._done = 0
        self._begun = time.perf_counter()

    def seconds(self) -> float:
        return time.perf_counter() - self._begun

    def announce(self, what: str) -> None:
        self._say(Progress(what=what, done=self._done, total=self._total))

    def skip(self, count: int) -> None:
        self._done += count

    def take(self, what: str, work: Callable[[], Result]) -> Result:
        self.announce(what)
        result = work()
        self._done += 1
        return result


def _products(stopwatch: Stopwatch, device: torch.device, steps: _Steps) -> dict[str, Measured]:
    return {
        precision: steps.take(
            f"multiplying matrices in {precision}", partial(matmul_rate, stopwatch, device, precision)
        )
        for precision in precisions_of(device)
    }


def _training(
    order: MeasuringOrder, precision: str, products: dict[str, Measured], steps: _Steps
) -> Iterator[TrainingRate]:
    """Nothing in a precision that the processor only imitates, nor a second one where the first took long."""
    fastest = max(each.median for each in products.values())
    if products[precision].median < fastest * _IMITATED or steps.seconds() > _LONG_SECONDS:
        steps.skip(len(tokens_in_passes()))
        return
    steps.announce(f"making a model of the shape of {order.base} in {precision}")
    passes = TrainingPass(order, precision)
    for tokens in tokens_in_passes():
        yield steps.take(f"training passes of {tokens} tokens in {precision}", partial(passes.rate, tokens))


def _gpu_rates(stopwatch: Stopwatch, gpu: Accelerator, steps: _Steps) -> DeviceRates:
    return DeviceRates(
        device=gpu.kind,
        name=gpu.name,
        matmul_flops=_products(stopwatch, gpu.device, steps),
        memory_bytes_per_second=steps.take(
            f"copying in the memory of {gpu.name}", partial(memory_rate, stopwatch, gpu.device)
        ),
    )


def _count_of_steps(gpus: list[torch.device]) -> int:
    cpu = len(precisions_of(torch.device("cpu"))) * (1 + len(tokens_in_passes())) + 2
    return cpu + sum(len(precisions_of(device)) + 1 for device in gpus)


def _say(message: Measurement | MeasuringFailed | Progress) -> None:
    sys.stdout.buffer.write(message.model_dump_json().encode() + b"\n")
    sys.stdout.buffer.flush()


if __name__ == "__main__":
    sys.exit(main())
