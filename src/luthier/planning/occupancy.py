"""How busy this machine is at this moment: processor, memory, disk, and the GPUs that NVIDIA's library speaks of."""

from collections.abc import Callable
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import Any

import psutil
import pynvml

from luthier.domain.machine import GpuLoad, MachineLoad

psutil.cpu_percent(interval=None)  # each call measures since the one before, so the first answer means nothing


def measure_load(folder: Path) -> MachineLoad:
    """The disk is that of `folder`."""
    memory = psutil.virtual_memory()
    disk = psutil.disk_usage(str(folder))
    return MachineLoad(
        cores=psutil.cpu_count() or 1,
        busy_share=psutil.cpu_percent(interval=None) / 100,
        memory_used=memory.total - memory.available,
        memory_total=memory.total,
        disk_used=disk.used,
        disk_total=disk.used + disk.free,
        disk_free=disk.free,
        gpus=tuple(_gpu(handle) for handle in _gpus()),
    )


@cache
def _gpus() -> tuple[Any, ...]:
    """Empty where there is no driver. The library stays open: opening it takes longer than all the questions."""
    try:
        pynvml.nvmlInit()
        return tuple(pynvml.nvmlDeviceGetHandleByIndex(number) for number in range(pynvml.nvmlDeviceGetCount()))
    except pynvml.NVMLError:
        return ()


def _gpu(handle: Any) -> GpuLoad:
    memory = _asked(lambda: pynvml.nvmlDeviceGetMemoryInfo(handle))
    rates = _asked(lambda: pynvml.nvmlDeviceGetUtilizationRates(handle))
    milliwatts = _asked(lambda: pynvml.nvmlDeviceGetPowerUsage(handle))
    return GpuLoad(
        name=str(_asked(lambda: pynvml.nvmlDeviceGetName(handle)) or "GPU"),
        busy_share=None if rates is None else rates.gpu / 100,
        memory_used=None if memory is None else int(memory.used),
        memory_total=None if memory is None else int(memory.total),
        power_watts=None if milliwatts is None else milliwatts / 1000,
    )


def _asked(question: Callable[[], Any]) -> Any:
    """None where this GPU refuses to answer, as slices (MIG) and some laptops do."""
    with suppress(pynvml.NVMLError):
        return question()
    return None
