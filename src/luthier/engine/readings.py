"""What the machine does while a worker trains: processor, memory, disk, GPU and power, read beside the training."""

import threading
import time
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Self

import psutil
import pynvml

from luthier.domain.jobs import Readings
from luthier.engine.channel import Channel

READ_SECONDS = 5.0
_RAPL = Path("/sys/class/powercap")
_MICROJOULES = 1e-6


class Meters:
    """`read` gives what this machine tells; what it does not tell is left out, never guessed."""

    def __init__(self, run_folder: Path, sensors: Path = _RAPL) -> None:
        self._run_folder = run_folder
        self._process = psutil.Process()
        self._process.cpu_percent()  # the first answer of either has nothing to compare with
        psutil.cpu_percent()
        self._package = _Package(sensors)
        self._gpus = _gpus()

    def read(self, step: int) -> Readings:
        memory = psutil.virtual_memory()
        gpu = [_gpu(handle) for handle in self._gpus]
        watts = [each["watts"] for each in gpu if "watts" in each] + self._package.watts()
        return Readings(
            step=step,
            cpu_share=min(1.0, psutil.cpu_percent() / 100),
            worker_cpu_share=min(1.0, self._process.cpu_percent() / 100 / (psutil.cpu_count() or 1)),
            memory_used_bytes=memory.total - memory.available,
            memory_total_bytes=memory.total,
            disk_free_bytes=psutil.disk_usage(str(self._run_folder)).free,
            gpu_share=max((each["share"] for each in gpu if "share" in each), default=None),
            gpu_memory_bytes=_whole_sum([each["memory"] for each in gpu if "memory" in each]),
            power_watts=sum(watts) if watts else None,
        )


class Watching:
    """As a context manager it tells the channel of a reading now and then, from a thread of its own."""

    def __init__(self, channel: Channel, run_folder: Path, every_seconds: float = READ_SECONDS) -> None:
        self._channel = channel
        self._every = every_seconds
        self._meters = Meters(run_folder)
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._watch, name="readings", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._ended.set()
        self._thread.join()

    @property
    def is_alive(self) -> bool:
        return self._thread.is_alive()

    def _watch(self) -> None:
        while not self._ended.wait(self._every):
            try:
                self._channel.say(self._meters.read(self._channel.step))
            except OSError:
                return  # a journal that cannot be written; the main thread meets the same error at its next fact


class _Package:
    """The processor's own count of energy, where the system lets us read it."""

    def __init__(self, sensors: Path) -> None:
        self._counters = [path for path in sorted(sensors.glob("intel-rapl:?/energy_uj")) if _count(path) is not None]
        self._before = [_count(path) for path in self._counters]
        self._read_at = time.monotonic()

    def watts(self) -> list[float]:
        """Since the last time."""
        seconds = max(1e-3, time.monotonic() - self._read_at)
        now = [_count(path) for path in self._counters]
        found = [
            (after - before) * _MICROJOULES / seconds
            for before, after in zip(self._before, now, strict=True)
            if before is not None and after is not None and after >= before  # it starts from zero now and then
        ]
        self._before, self._read_at = now, time.monotonic()
        return found


def _count(path: Path) -> int | None:
    try:
        return int(path.read_text())
    except (OSError, ValueError):
        return None


def _gpus() -> list[object]:
    """Empty where there is no driver of NVIDIA's."""
    try:
        pynvml.nvmlInit()
        return [pynvml.nvmlDeviceGetHandleByIndex(number) for number in range(pynvml.nvmlDeviceGetCount())]
    except pynvml.NVMLError:
        return []


def _gpu(handle: object) -> dict[str, float]:
    """Slices of a GPU (MIG) and some laptops refuse one figure or the other."""
    asked = {
        "share": lambda: pynvml.nvmlDeviceGetUtilizationRates(handle).gpu / 100,
        "memory": lambda: pynvml.nvmlDeviceGetMemoryInfo(handle).used,
        "watts": lambda: pynvml.nvmlDeviceGetPowerUsage(handle) / 1000,
    }
    found: dict[str, float] = {}
    for name, ask in asked.items():
        with suppress(pynvml.NVMLError):
            found[name] = float(ask())
    return found


def _whole_sum(values: list[float]) -> int | None:
    return int(sum(values)) if values else None
