"""Apple's GPUs: part of the processor, on the machine's own memory, of which Metal may take a share."""

from luthier.domain.machine import Gpu
from luthier.planning.gpu_signs import Found
from luthier.planning.machine_facts import gpu_facts
from luthier.planning.probes import MemoryCount, Platform, Probes, whole_number
from luthier.planning.sysctl import sysctl


def find_apple(probes: Probes, platform: Platform, memory: MemoryCount | None) -> Found:
    """None on a Mac with an Intel processor: torch does not compute on its GPU."""
    facts = sysctl(probes)
    name = facts.get("machdep.cpu.brand_string", "")
    if not name.startswith("Apple") and platform.architecture != "arm64":
        return Found()
    if memory is None:
        return Found(unknown=("Apple GPU: it shares the machine's memory, which could not be counted.",))
    limit = (whole_number(facts.get("iogpu.wired_limit_mb", "")) or 0) << 20
    share = next(known.share for known in gpu_facts().metal_shares if memory.total <= known.memory_up_to)
    usable = min(limit or int(memory.total * share), memory.total)
    gpu = Gpu(
        name=name or "Apple GPU",
        memory_bytes=usable,
        free_bytes=min(usable, memory.available),
        backend="mps",
        driver=platform.release,
        unified=True,
    )
    return Found(gpus=(gpu,))
