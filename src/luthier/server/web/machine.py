"""How busy this machine is, at a glance."""

from dataclasses import dataclass
from pathlib import Path

import psutil

psutil.cpu_percent(interval=None)  # each call measures since the one before, so the first answer means nothing


@dataclass(frozen=True, slots=True)
class Load:
    cores: int
    busy_share: float  # of all cores, since the glance before
    memory_used: int
    memory_total: int
    disk_used: int
    disk_total: int
    disk_free: int


def measure(folder: Path) -> Load:
    memory = psutil.virtual_memory()
    disk = psutil.disk_usage(str(folder))
    return Load(
        cores=psutil.cpu_count() or 1,
        busy_share=psutil.cpu_percent(interval=None) / 100,
        memory_used=memory.total - memory.available,
        memory_total=memory.total,
        disk_used=disk.used,
        disk_total=disk.used + disk.free,
        disk_free=disk.free,
    )
