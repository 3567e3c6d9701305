"""What NVIDIA's management library says, in one answer that never fails: a question it refuses is left empty."""

from collections.abc import Callable
from typing import Any, TypeVar

import pynvml

from luthier.planning.probes import NvmlAnswer, NvmlGpu

Answer = TypeVar("Answer")


def ask_nvml() -> NvmlAnswer:
    try:
        pynvml.nvmlInit()
    except pynvml.NVMLError as error:
        return NvmlAnswer(refusal=str(error))
    try:
        cuda = _asked(pynvml.nvmlSystemGetCudaDriverVersion_v2)
        return NvmlAnswer(
            gpus=tuple(_gpu(handle) for handle in _handles()),
            driver=str(_asked(pynvml.nvmlSystemGetDriverVersion) or ""),
            cuda=f"{cuda // 1000}.{cuda % 1000 // 10}" if cuda else "",
        )
    finally:
        pynvml.nvmlShutdown()


def _handles() -> list[Any]:
    """A GPU that has fallen off the bus has a number and no handle."""
    count = _asked(pynvml.nvmlDeviceGetCount) or 0
    found = [_asked(pynvml.nvmlDeviceGetHandleByIndex, index) for index in range(count)]
    return [handle for handle in found if handle is not None]


def _gpu(handle: Any) -> NvmlGpu:
    mode: tuple[int, int] | None = _asked(pynvml.nvmlDeviceGetMigMode, handle)  # now, and after the next reset
    is_sliced = mode is not None and mode[0] == pynvml.NVML_DEVICE_MIG_ENABLE
    capability = _asked(pynvml.nvmlDeviceGetCudaComputeCapability, handle)
    shown = ".".join(str(part) for part in capability) if capability else ""
    plain = _described(handle, shown)
    return plain.model_copy(update={"mig_mode": is_sliced, "slices": _slices(handle, shown) if is_sliced else ()})


def _slices(handle: Any, capability: str) -> tuple[NvmlGpu, ...]:
    most = _asked(pynvml.nvmlDeviceGetMaxMigDeviceCount, handle) or 0
    found = [_asked(pynvml.nvmlDeviceGetMigDeviceHandleByIndex, handle, index) for index in range(most)]
    return tuple(_described(each, capability) for each in found if each is not None)


def _described(handle: Any, capability: str) -> NvmlGpu:
    memory = _asked(pynvml.nvmlDeviceGetMemoryInfo, handle)
    return NvmlGpu(
        uuid=str(_asked(pynvml.nvmlDeviceGetUUID, handle) or ""),
        name=str(_asked(pynvml.nvmlDeviceGetName, handle) or "NVIDIA GPU"),
        memory_bytes=int(memory.total) if memory else None,
        free_bytes=int(memory.free) if memory else None,
        compute_capability=capability,
    )


def _asked(question: Callable[..., Answer], *about: Any) -> Answer | None:
    try:
        return question(*about)
    except pynvml.NVMLError:
        return None
