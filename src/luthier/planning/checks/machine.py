"""Checks of the machine itself: Python, system, processor, memory, disk, and what could not be found out."""

from collections.abc import Iterator

from luthier.domain.checkup import Check
from luthier.domain.machine import Machine
from luthier.kit.units import show_bytes
from luthier.planning.checks.versions import reaches
from luthier.planning.checks.wording import Wording
from luthier.planning.machine_facts import doctor_facts

_BF16 = frozenset({"amx_bf16", "avx512_bf16", "bf16"})
_X86 = ("x86_64", "AMD64")
_SHOWN_FEATURES = {
    "avx2": "AVX2",
    "avx512f": "AVX-512",
    "avx512_bf16": "AVX-512 bf16",
    "amx_bf16": "AMX bf16",
    "amx_int8": "AMX int8",
    "asimd": "NEON",
    "bf16": "bf16",
    "sve": "SVE",
}


def machine_checks(machine: Machine, say: Wording) -> Iterator[Check]:
    yield _python(machine, say)
    yield _system(machine, say)
    yield _processor(machine, say)
    yield _memory(machine, say)
    yield _disk(machine, say)
    yield from (_gap(sentence, say) for sentence in machine.unknown)


def _python(machine: Machine, say: Wording) -> Check:
    limits = doctor_facts().thresholds
    if reaches(machine.python, limits.python_from) and not reaches(machine.python, limits.python_below):
        return say.good("python", machine.python)
    return say.advise(
        "python.unsupported", machine.python or "unknown", low=limits.python_from, high=limits.python_below
    )


def _system(machine: Machine, say: Wording) -> Check:
    found = ", ".join(text for text in (machine.system, machine.architecture) if text)
    if machine.cpu.startswith("Apple") and machine.architecture in _X86:
        return say.advise("system.rosetta", found)
    if machine.limited:
        return say.advise("system.limited", found)
    return say.good("system", found)


def _processor(machine: Machine, say: Wording) -> Check:
    shown = [name for feature, name in _SHOWN_FEATURES.items() if feature in machine.cpu_features]
    cores = f"{machine.cores} core" if machine.cores == 1 else f"{machine.cores} cores"
    found = ", ".join([machine.cpu, cores, *shown])
    if any(gap.startswith("Processor features") for gap in machine.unknown) or _BF16 & set(machine.cpu_features):
        return say.good("processor", found)
    if machine.architecture in _X86 and not {"avx2", "avx512f"} & set(machine.cpu_features):
        return say.advise("processor.old", found)
    return say.advise("processor.no_bf16", found)


def _memory(machine: Machine, say: Wording) -> Check:
    limits = doctor_facts().thresholds
    total, available = machine.memory_bytes, machine.available_bytes
    if total == 0:
        return say.good("memory", "not known")  # said among what is unknown
    found = f"{show_bytes(total)}, {show_bytes(available)} available"
    advised, small = show_bytes(limits.memory_advised), show_bytes(limits.memory_small)
    if available < limits.available_small <= total:
        return say.advise("memory.in_use", found, needed=show_bytes(limits.available_small))
    if total < limits.memory_small:
        return say.advise("memory.small", found, small=small, advised=advised)
    if total < limits.memory_advised:
        return say.advise("memory.below_advised", found, advised=advised)
    return say.good("memory", found)


def _disk(machine: Machine, say: Wording) -> Check:
    limits, free = doctor_facts().thresholds, machine.disk_free_bytes
    if any(gap.startswith("Disk:") for gap in machine.unknown):
        return say.good("disk", "not known")  # said among what is unknown
    found = f"{show_bytes(free)} free"
    if free < limits.disk_full:
        return say.advise("disk.full", found, full=show_bytes(limits.disk_full))
    if free < limits.disk_small:
        return say.advise("disk.small", found, small=show_bytes(limits.disk_small))
    if free < limits.disk_advised:
        return say.advise("disk.below_advised", found, advised=show_bytes(limits.disk_advised))
    return say.good("disk", found)


def _gap(sentence: str, say: Wording) -> Check:
    subject = sentence.partition(":")[0]
    return say.advise(f"unknown.{doctor_facts().gaps.get(subject, 'other')}", sentence)
