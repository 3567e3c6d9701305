"""Machines."""

from datetime import UTC, datetime
from typing import Any

from luthier.domain.machine import DeviceRates, Gpu, Machine, Measured, Rates, TrainingRate

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


class AShared:
    """A machine that runs share."""

    def __init__(self, runs_at_once: int = 1, **changes: Any) -> None:
        self.runs_at_once = runs_at_once
        self._machine = a_machine(**{"cores": 64, "available_bytes": 64_000_000_000, **changes})

    def get(self) -> Machine:
        return self._machine


def a_gpu(**changes: Any) -> Gpu:
    return Gpu(**{"name": "A GPU", "memory_bytes": 80 * GIB, "free_bytes": 79 * GIB, **changes})


def some_rates(slowest: float = 0.9, **changes: Any) -> Rates:
    """Of two cores; `slowest` is the share of the median that the slowest training pass reached."""

    def measured(median: float, low: float = 0.95) -> Measured:
        return Measured(median=median, low=median * low, high=median * 1.05, repeats=7)

    passes = TrainingRate(
        base="starter",
        parameters=134_515_008,
        settings="lora-16 bf16 fused 768",
        tokens_per_second=measured(290.0, slowest),
    )
    processor = DeviceRates(
        device="cpu",
        name="processor",
        matmul_flops={"fp32": measured(76e9), "bf16": measured(190e9)},
        memory_bytes_per_second=measured(17e9),
        training=(passes,),
    )
    values: dict[str, Any] = {
        "fingerprint": "0123456789abcdef",
        "measured_at": datetime(2026, 3, 1, 12, tzinfo=UTC),
        "torch": "2.13.0+cpu",
        "threads": 2,
        "busy_share": 0.01,
        "devices": (processor,),
        "disk_bytes_per_second": measured(900e6),
    }
    return Rates(**(values | changes))
