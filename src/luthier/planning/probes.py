"""The questions that are put to a system about itself, so that a recorded machine can answer them as well as this one.

None is no answer: whoever asked says what stays unknown, and guesses nothing.
"""

from pathlib import Path
from typing import Protocol

from luthier.kit.frozen import Frozen


class Platform(Frozen):
    system: str  # "Linux", "macOS", "Windows" or what else Python calls it
    release: str  # e.g. "6.18", "14.1", "11"
    architecture: str  # of this Python, e.g. "x86_64"
    python: str
    libc: str = ""
    processor: str = ""  # what the system calls it, where it has no better source


class MemoryCount(Frozen):
    """Bytes of the whole machine."""

    total: int
    available: int  # without swapping


class Processors(Frozen):
    allowed: tuple[int, ...] | None = None  # numbers of the logical ones that this process may be scheduled on
    physical: int | None = None
    logical: int | None = None


class NvmlGpu(Frozen):
    """What NVIDIA's management library says of a GPU, or of a slice of one."""

    uuid: str
    name: str
    memory_bytes: int | None = None  # None where GPU and processor share their memory
    free_bytes: int | None = None
    compute_capability: str = ""
    mig_mode: bool = False
    slices: tuple["NvmlGpu", ...] = ()


class NvmlAnswer(Frozen):
    gpus: tuple[NvmlGpu, ...] = ()  # in the order of their PCI addresses
    driver: str = ""
    cuda: str = ""  # the newest that the driver speaks
    refusal: str = ""  # why it did not answer at all


class Probes(Protocol):
    @property
    def root(self) -> Path:
        """Where /proc, /sys and /dev are."""

    def platform(self) -> Platform | None: ...

    def memory(self) -> MemoryCount | None: ...

    def processors(self) -> Processors | None: ...

    def nvml(self) -> NvmlAnswer: ...

    def output(self, *command: str) -> str | None:
        """Of a program; None when it is not here, fails, or takes too long."""

    def variable(self, name: str) -> str | None:
        """Of the environment."""

    def free_bytes(self, folder: Path) -> int | None: ...


def text_of(path: Path) -> str | None:
    try:
        return path.read_text("utf-8", errors="replace")
    except OSError:
        return None


def number_of(path: Path) -> int | None:
    return whole_number((text_of(path) or "").strip())


def whole_number(text: str) -> int | None:
    """Decimal, or with 0x hexadecimal; None for anything else."""
    try:
        return int(text, 16 if text.startswith("0x") else 10)
    except ValueError:
        return None
