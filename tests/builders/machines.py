"""Machines."""

from typing import Any

from luthier.domain.machine import Gpu, Machine

GIB = 1 << 30


def a_machine(**changes: Any) -> Machine:
    """Two cores without a GPU."""
    values: dict[str, Any] = {
        "system": "Linux 6.8",
        "python": "3.11.9",
        "cpu": "An x86 processor",
        "cores": 2,
        "cpu_features": ("avx2", "avx512f", "avx512_bf16", "amx_bf16"),
        "memory_bytes": 24 * GIB,
        "available_bytes": 20 * GIB,
        "disk_free_bytes": 100 * GIB,
    }
    return Machine(**(values | changes))


def a_gpu(**changes: Any) -> Gpu:
    return Gpu(**{"name": "A GPU", "memory_bytes": 80 * GIB, "free_bytes": 79 * GIB, **changes})
