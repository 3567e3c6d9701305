"""Looks at the machine: what this process may really use of it, and in words what could not be found out."""

from pathlib import Path
from typing import TypeVar

from luthier.domain.machine import Machine
from luthier.planning.cgroups import Limits, read_limits
from luthier.planning.gpu_signs import is_wsl
from luthier.planning.gpus import find_gpus
from luthier.planning.probes import MemoryCount, Platform, Probes
from luthier.planning.processors import cpu_features, cpu_name, usable_cores
from luthier.planning.system_probes import SystemProbes

Value = TypeVar("Value")

_NO_PLATFORM = Platform(system="", release="", architecture="", python="")


def probe_machine(folder: Path, probes: Probes | None = None) -> Machine:
    """`folder` is where the workspace is, or will be made. A question without an answer never fails."""
    probes = probes or SystemProbes()
    gaps: list[str] = []
    platform = _known(probes.platform(), _NO_PLATFORM, "Operating system: it does not tell its name.", gaps)
    limits = read_limits(probes.root)
    whole = probes.memory()
    memory = _within(whole, limits)
    cores = usable_cores(probes, platform)
    found = find_gpus(probes, platform, memory)
    name = cpu_name(probes, platform)
    features = cpu_features(probes, platform)
    machine = Machine(
        system=_system(probes, platform),
        python=platform.python,
        libc=platform.libc,
        architecture=platform.architecture,
        cpu=_known(name or None, "unknown", "Processor: the system does not tell its name.", gaps),
        cores=_within_cores(
            _known(cores, 1, "Cores: they could not be counted, so one is planned with.", gaps), limits
        ),
        cpu_features=_known(
            features, (), "Processor features (AVX-512, AMX, bf16): the system does not tell them.", gaps
        ),
        memory_bytes=_known(memory, _NO_MEMORY, "Memory: the system does not tell how much there is.", gaps).total,
        available_bytes=memory.available if memory else 0,
        disk_free_bytes=_known(probes.free_bytes(folder), 0, "Disk: the system does not tell how much is free.", gaps),
        gpus=found.gpus,
        limited=_is_limited(whole, cores, limits),
    )
    return machine.model_copy(update={"unknown": (*gaps, *found.unknown)})


def live_figures(machine: Machine, folder: Path, probes: Probes | None = None) -> Machine:
    """The same machine with what is free of its memory and disk now."""
    probes = probes or SystemProbes()
    memory = _within(probes.memory(), read_limits(probes.root))
    available = memory.available if memory else machine.available_bytes
    disk = probes.free_bytes(folder)
    figures = {"available_bytes": available, "disk_free_bytes": machine.disk_free_bytes if disk is None else disk}
    return machine.model_copy(update=figures)


_NO_MEMORY = MemoryCount(total=0, available=0)


def _known(value: Value | None, otherwise: Value, gap: str, gaps: list[str]) -> Value:
    if value is not None:
        return value
    gaps.append(gap)
    return otherwise


def _within(memory: MemoryCount | None, limits: Limits) -> MemoryCount | None:
    """As far as this process may use it."""
    if memory is None or limits.memory_bytes is None:
        return memory
    left = max(0, limits.memory_bytes - limits.memory_used_bytes)
    return MemoryCount(total=min(memory.total, limits.memory_bytes), available=min(memory.available, left))


def _within_cores(cores: int, limits: Limits) -> int:
    """A share of a core is one thread."""
    return max(1, cores if limits.cores is None else min(cores, int(limits.cores)))


def _is_limited(memory: MemoryCount | None, cores: int | None, limits: Limits) -> bool:
    less_memory = memory is not None and limits.memory_bytes is not None and limits.memory_bytes < memory.total
    return less_memory or (cores is not None and limits.cores is not None and limits.cores < cores)


def _system(probes: Probes, platform: Platform) -> str:
    name = f"{platform.system} {platform.release}".strip() or "unknown"
    return f"{name} (WSL)" if is_wsl(probes) else name
