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
    limits = probes.limits()
    total, available = _memory(probes, limits)
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
        available_bytes=available,
        disk_free_bytes=free_bytes(folder),
        gpus=probes.gpus(),
    )


def live_figures(machine: Machine, folder: Path, probes: Probes | None = None) -> Machine:
    """The same machine with what is free of memory and disk now."""
    from luthier.planning.probes import SystemProbes

    probes = probes or SystemProbes()
    _, available = _memory(probes, probes.limits())
    return machine.model_copy(update={"available_bytes": available, "disk_free_bytes": free_bytes(folder)})


def _memory(probes: Probes, limits: Limits) -> tuple[int, int]:
    """All, and available, as far as this process may use it."""
    total, available = probes.memory()
    if limits.memory_bytes is not None:
        total = min(total, limits.memory_bytes)
        available = min(available, limits.memory_bytes - limits.memory_used_bytes)
    return total, max(0, available)
