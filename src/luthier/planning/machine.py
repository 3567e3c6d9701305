"""Looks at the machine: what this process may really use, whatever the hardware around it has."""

from pathlib import Path
from typing import Protocol

from luthier.domain.machine import Gpu, Machine
from luthier.kit.files import free_bytes
from luthier.planning.cgroups import Limits


class Probes(Protocol):
    """The questions that are put to the system."""

    def system(self) -> str: ...

    def python(self) -> str: ...

    def libc(self) -> str: ...

    def cpu_name(self) -> str: ...

    def cpu_features(self) -> tuple[str, ...]: ...

    def cores(self) -> int:
        """Physical cores on which this process may be scheduled."""

    def memory(self) -> tuple[int, int]:
        """Bytes of the whole machine: all, and available without swapping."""

    def limits(self) -> Limits: ...

    def gpus(self) -> tuple[Gpu, ...]: ...


def probe_machine(folder: Path, probes: Probes | None = None) -> Machine:
    """`folder` is where the workspace is, or will be made."""
    from luthier.planning.probes import SystemProbes

    probes = probes or SystemProbes()
    total, available = probes.memory()
    limits = probes.limits()
    if limits.memory_bytes is not None:
        total = min(total, limits.memory_bytes)
        available = min(available, limits.memory_bytes - limits.memory_used_bytes)
    cores = probes.cores()
    if limits.cores is not None:
        cores = min(cores, int(limits.cores))
    return Machine(
        system=probes.system(),
        python=probes.python(),
        libc=probes.libc(),
        cpu=probes.cpu_name(),
        cores=max(1, cores),
        cpu_features=probes.cpu_features(),
        memory_bytes=total,
        available_bytes=max(0, available),
        disk_free_bytes=free_bytes(folder),
        gpus=probes.gpus(),
    )
