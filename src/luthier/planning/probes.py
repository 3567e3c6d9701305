"""Asks this system about itself; what cannot be found out is left empty, never guessed."""

import os
import platform
from collections.abc import Iterator
from pathlib import Path

import psutil
import pynvml

from luthier.domain.machine import Gpu
from luthier.planning.cgroups import Limits, read_limits
from luthier.planning.facts import pace

_ALSO_SHOWN = {"avx512_vnni", "amx_int8", "sve"}


class SystemProbes:
    def __init__(self, root: Path = Path("/")) -> None:
        self._root = root

    def system(self) -> str:
        return f"{platform.system()} {platform.release()}"

    def python(self) -> str:
        return platform.python_version()

    def libc(self) -> str:
        return platform.libc_ver()[0]

    def cpu_name(self) -> str:
        names = (block["model name"] for block in self._processors() if "model name" in block)
        return next(names, platform.processor() or platform.machine())

    def cpu_features(self) -> tuple[str, ...]:
        """Those that decide speed, under Linux's names. Elsewhere only what the architecture promises is known."""
        wanted = _ALSO_SHOWN.union(*(known.features for known in pace().throughputs))
        flags = {flag for block in self._processors() for flag in block.get("flags", block.get("Features", "")).split()}
        if not flags and platform.machine().lower() in ("arm64", "aarch64"):
            flags = {"asimd"}
        return tuple(sorted(flags & wanted))

    def cores(self) -> int:
        """Two threads of one core share its arithmetic, so they count once."""
        allowed = _allowed_processors()
        cores = {
            (block["physical id"], block["core id"])
            for block in self._processors()
            if "core id" in block and "physical id" in block and (allowed is None or int(block["processor"]) in allowed)
        }
        if cores:
            return len(cores)
        return len(allowed) if allowed else psutil.cpu_count(logical=False) or psutil.cpu_count() or 1

    def memory(self) -> tuple[int, int]:
        memory = psutil.virtual_memory()
        return memory.total, memory.available

    def limits(self) -> Limits:
        return read_limits(self._root)

    def gpus(self) -> tuple[Gpu, ...]:
        try:
            pynvml.nvmlInit()
        except pynvml.NVMLError:
            return ()  # no driver: no usable GPU
        try:
            return tuple(_gpu(index) for index in range(pynvml.nvmlDeviceGetCount()))
        finally:
            pynvml.nvmlShutdown()

    def _processors(self) -> Iterator[dict[str, str]]:
        """One block of /proc/cpuinfo per logical processor; none where there is no such file."""
        try:
            text = (self._root / "proc/cpuinfo").read_text("utf-8", errors="replace")
        except OSError:
            return
        for block in text.split("\n\n"):
            pairs = (line.partition(":") for line in block.splitlines())
            fields = {name.strip(): value.strip() for name, _, value in pairs}
            if "processor" in fields:
                yield fields


def _allowed_processors() -> set[int] | None:
    """None where the system does not tell."""
    return os.sched_getaffinity(0) if hasattr(os, "sched_getaffinity") else None


def _gpu(index: int) -> Gpu:
    handle = pynvml.nvmlDeviceGetHandleByIndex(index)
    memory = pynvml.nvmlDeviceGetMemoryInfo(handle)
    return Gpu(name=str(pynvml.nvmlDeviceGetName(handle)), memory_bytes=int(memory.total), free_bytes=int(memory.free))
