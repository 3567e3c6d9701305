"""NVIDIA's GPUs as a process may use them: whole ones, slices (MIG), and those that share the machine's memory."""

from luthier.domain.machine import Gpu
from luthier.planning.gpu_signs import NVIDIA, Found, has_pci_device, is_wsl
from luthier.planning.machine_facts import gpu_facts
from luthier.planning.probes import MemoryCount, NvmlAnswer, NvmlGpu, Probes, text_of


def find_nvidia(probes: Probes, memory: MemoryCount | None) -> Found:
    answer = probes.nvml()
    if answer.refusal:
        return _board(probes, memory) or Found(unknown=_silent(probes, answer.refusal))
    found = Found()
    for each in _visible(answer.gpus, probes.variable("CUDA_VISIBLE_DEVICES")):
        found += _usable(each, answer, memory)
    return found


def _usable(each: NvmlGpu, answer: NvmlAnswer, memory: MemoryCount | None) -> Found:
    if not each.mig_mode:
        return _whole(each, answer, memory)
    if not each.slices:
        why = f"{each.name}: it is divided into slices (MIG), and none of them has been made for this process."
        return Found(unknown=(why,))
    slices = [_whole(part, answer, memory) for part in each.slices]
    return Found(
        gpus=tuple(gpu.model_copy(update={"mig": True}) for part in slices for gpu in part.gpus),
        unknown=tuple(why for part in slices for why in part.unknown),
    )


def _whole(each: NvmlGpu, answer: NvmlAnswer, memory: MemoryCount | None) -> Found:
    unified = any(name in each.name for name in gpu_facts().shares_memory)
    total, free = each.memory_bytes, each.free_bytes
    if unified and memory is not None:
        total, free = memory.total, memory.available
    if not total or free is None:
        return Found(unknown=(f"{each.name}: its driver does not say how much memory it has.",))
    gpu = Gpu(
        name=each.name,
        memory_bytes=total,
        free_bytes=min(total, free),
        backend="cuda",
        compute_capability=each.compute_capability,
        driver=answer.driver,
        runtime=answer.cuda,
        unified=unified,
    )
    missing = [] if gpu.compute_capability else [f"{each.name}: its driver does not say its compute capability."]
    return Found(gpus=(gpu,), unknown=tuple(missing))


def _visible(gpus: tuple[NvmlGpu, ...], chosen: str | None) -> tuple[NvmlGpu, ...]:
    """As CUDA reads CUDA_VISIBLE_DEVICES: numbers or ids; what comes after a wrong one does not count."""
    if chosen is None:
        return gpus
    seen: list[NvmlGpu] = []
    for word in (part.strip() for part in chosen.split(",")):
        found = _named(gpus, word)
        if found is None:
            break
        seen.append(found)
    return tuple(seen)


def _named(gpus: tuple[NvmlGpu, ...], word: str) -> NvmlGpu | None:
    if word.isdecimal():
        return gpus[int(word)] if int(word) < len(gpus) else None
    if word.startswith("GPU-"):
        return next((gpu for gpu in gpus if gpu.uuid.startswith(word)), None)
    if word.startswith("MIG-"):
        parts = [gpu.model_copy(update={"slices": (each,)}) for gpu in gpus for each in gpu.slices if each.uuid == word]
        return next(iter(parts), None)
    return None


def _board(probes: Probes, memory: MemoryCount | None) -> Found | None:
    """A Jetson names itself in its device tree; older ones have no management library."""
    model = (text_of(probes.root / "proc/device-tree/model") or "").strip("\0\n ")
    known = next((board for board in gpu_facts().boards if board.name in model), None)
    if known is None:
        return None
    if memory is None:
        return Found(unknown=(f"{model}: its GPU shares the machine's memory, which could not be counted.",))
    gpu = Gpu(
        name=model,
        memory_bytes=memory.total,
        free_bytes=memory.available,
        backend="cuda",
        compute_capability=known.compute_capability,
        unified=True,
    )
    return Found(gpus=(gpu,), unknown=(f"{model}: the version of its driver.",))


def _silent(probes: Probes, refusal: str) -> tuple[str, ...]:
    """Only where something hints at a GPU is silence worth a word."""
    root = probes.root
    if is_wsl(probes) and (root / "dev/dxg").exists():
        return (f"GPU: Windows passes one on, and NVIDIA's driver does not answer ({refusal}).",)
    if (root / "dev/nvidiactl").exists() or (root / "proc/driver/nvidia").exists():
        return (f"NVIDIA GPU: its device files are here, and its driver does not answer ({refusal}).",)
    if has_pci_device(probes, NVIDIA):
        return (f"NVIDIA GPU: it is plugged in, and its driver does not answer ({refusal}).",)
    return ()
