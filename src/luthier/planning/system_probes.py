"""Puts the questions to this system."""

import os
import platform
import subprocess
from pathlib import Path

import psutil

from luthier.kit.files import free_bytes
from luthier.planning.nvml import ask_nvml
from luthier.planning.probes import MemoryCount, NvmlAnswer, Platform, Processors
from luthier.settings import process_environment

_LONGEST_ANSWER = 5.0  # seconds


class SystemProbes:
    def __init__(self, root: Path = Path("/")) -> None:
        self._root = root

    @property
    def root(self) -> Path:
        return self._root

    def platform(self) -> Platform:
        system, release = platform.system(), platform.release()
        if system == "Darwin":
            system, release = "macOS", platform.mac_ver()[0]
        return Platform(
            system=system,
            release=release,
            architecture=platform.machine(),
            python=platform.python_version(),
            libc=platform.libc_ver()[0],
            processor=platform.processor(),
        )

    def memory(self) -> MemoryCount | None:
        try:
            memory = psutil.virtual_memory()
        except (OSError, RuntimeError, psutil.Error):
            return None
        return MemoryCount(total=memory.total, available=memory.available)

    def processors(self) -> Processors:
        allowed = tuple(sorted(os.sched_getaffinity(0))) if hasattr(os, "sched_getaffinity") else None
        return Processors(
            allowed=allowed, physical=psutil.cpu_count(logical=False), logical=psutil.cpu_count(logical=True)
        )

    def nvml(self) -> NvmlAnswer:
        return ask_nvml()

    def output(self, *command: str) -> str | None:
        try:
            answer = subprocess.run(  # noqa: S603 - commands are ours, no shell
                command, capture_output=True, timeout=_LONGEST_ANSWER, stdin=subprocess.DEVNULL, check=False
            )
        except (OSError, subprocess.TimeoutExpired):
            return None
        return answer.stdout.decode(errors="replace") or None

    def variable(self, name: str) -> str | None:
        return process_environment().get(name)

    def free_bytes(self, folder: Path) -> int | None:
        try:
            return free_bytes(folder)
        except OSError:
            return None
