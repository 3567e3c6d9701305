"""What a device reaches: products of matrices by precision, memory, and the disk beside it."""

import os
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import psutil
import torch

from luthier.domain.machine import Device, Measured
from luthier.engine.timing import Stopwatch, measured_from
from luthier.kit.files import free_bytes

PRECISIONS = {"fp32": torch.float32, "bf16": torch.bfloat16, "fp16": torch.float16}

_SMALLEST, _LARGEST = 256, 8192  # rows of a square matrix
_LONG_ENOUGH = 0.02  # seconds of one product: from here on its size no longer matters
_COPIED_BYTES = 256 << 20  # far beyond any cache
_WRITTEN_BYTES = 64 << 20
_WRITES, _WRITING_SECONDS = 5, 8.0


@dataclass(frozen=True)
class Accelerator:
    kind: Device
    device: torch.device
    name: str


def accelerators() -> Iterator[Accelerator]:
    """The GPUs that this build of torch computes on."""
    if torch.cuda.is_available():
        kind: Device = "rocm" if torch.version.hip else "cuda"
        for number in range(torch.cuda.device_count()):
            yield Accelerator(kind, torch.device("cuda", number), torch.cuda.get_device_name(number))
    if torch.backends.mps.is_available():
        yield Accelerator("mps", torch.device("mps"), "Apple GPU")


def precisions_of(device: torch.device) -> tuple[str, ...]:
    """Half precision on a processor is computed in software and never planned."""
    if device.type == "cpu":
        return ("fp32", "bf16")
    bf16 = device.type != "cuda" or torch.cuda.is_bf16_supported(including_emulation=False)
    return ("fp32", "bf16", "fp16") if bf16 else ("fp32", "fp16")


def matmul_rate(stopwatch: Stopwatch, device: torch.device, precision: str) -> Measured:
    """Floating-point operations per second of large square products."""
    settle = _settling(device)
    rows = _SMALLEST
    while True:
        left, right = (torch.randn(rows, rows, device=device).to(PRECISIONS[precision]) for _ in range(2))
        out = torch.empty_like(left)
        started = time.perf_counter()
        torch.mm(left, right, out=out)
        settle()
        if rows == _LARGEST or time.perf_counter() - started >= _LONG_ENOUGH:
            break
        rows *= 2
    return stopwatch.rate_of(lambda: torch.mm(left, right, out=out), 2.0 * rows**3, settle)


def memory_rate(stopwatch: Stopwatch, device: torch.device) -> Measured:
    """Bytes per second of a copy, what is read and what is written together."""
    size = _COPIED_BYTES
    if device.type == "cpu":
        size = min(size, psutil.virtual_memory().available // 16)
    source = torch.ones(size, dtype=torch.uint8, device=device)
    target = torch.empty_like(source)
    return stopwatch.rate_of(lambda: target.copy_(source), 2.0 * size, _settling(device))


def disk_rate(folder: Path) -> Measured:
    """Bytes per second that are surely on the disk. Raises OSError where nothing can be written."""
    content = os.urandom(int(min(_WRITTEN_BYTES, free_bytes(folder) // 8)))
    path = folder / f".rate-{os.getpid()}"
    rates: list[float] = []
    begun = time.perf_counter()
    try:
        while len(rates) < _WRITES and (len(rates) < 2 or time.perf_counter() - begun < _WRITING_SECONDS):
            started = time.perf_counter()
            with open(path, "wb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            rates.append(len(content) / (time.perf_counter() - started))
    finally:
        path.unlink(missing_ok=True)
    return measured_from(rates)


def _settling(device: torch.device) -> Callable[[], object]:
    """Devices other than the processor work on while the program goes on."""
    if device.type == "cuda":
        return lambda: torch.cuda.synchronize(device)
    return torch.mps.synchronize if device.type == "mps" else lambda: None
