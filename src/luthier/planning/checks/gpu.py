"""Checks of the GPUs: each one's memory, what others hold of it, and the precision that it computes in."""

from collections.abc import Iterator

from luthier.domain.checkup import Check
from luthier.domain.machine import Gpu, Machine
from luthier.kit.units import show_bytes, show_percent
from luthier.planning.checks.versions import reaches
from luthier.planning.checks.wording import Wording
from luthier.planning.machine_facts import doctor_facts

_RUNTIMES = {"cuda": "CUDA", "rocm": "ROCm", "mps": "Metal"}


def gpu_checks(machine: Machine, say: Wording) -> Iterator[Check]:
    if not machine.gpus:
        yield say.advise("gpu.none", "none found")
    for gpu in machine.gpus:
        yield _gpu(gpu, say)


def _gpu(gpu: Gpu, say: Wording) -> Check:
    limits, found = doctor_facts().thresholds, described(gpu)
    used = 1 - gpu.free_bytes / gpu.memory_bytes
    if used > limits.gpu_busy_share and not gpu.unified:
        return say.advise("gpu.busy", found, used=show_percent(used))
    if gpu.backend == "cuda" and gpu.compute_capability and not reaches(gpu.compute_capability, limits.bf16_capability):
        return say.advise("gpu.no_bf16", found, needed=limits.bf16_capability)
    if gpu.memory_bytes < limits.gpu_memory_advised:
        return say.advise("gpu.below_advised", found, advised=show_bytes(limits.gpu_memory_advised))
    return say.good("gpu", found)


def described(gpu: Gpu) -> str:
    """E.g. `NVIDIA L40S, 48.3 GB, 47.8 GB free, capability 8.9, driver 560.35.03, CUDA 12.6`."""
    memory = f"{show_bytes(gpu.memory_bytes)}{' of the shared memory' if gpu.unified else ''}"
    facts = [gpu.name, memory, f"{show_bytes(gpu.free_bytes)} free"]
    if gpu.compute_capability:
        facts.append(f"capability {gpu.compute_capability}" if gpu.backend == "cuda" else gpu.compute_capability)
    if gpu.driver:
        facts.append(f"macOS {gpu.driver}" if gpu.backend == "mps" else f"driver {gpu.driver}")
    facts.append(f"{_RUNTIMES[gpu.backend]} {gpu.runtime}".strip())
    return ", ".join(facts)
