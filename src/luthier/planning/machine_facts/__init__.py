"""What is known about machines in general: facts with their sources, read from the TOML files beside."""

import tomllib
from functools import cache
from importlib.resources import files
from typing import Any

from luthier.domain.checkup import Verdict
from luthier.kit.frozen import Frozen


class MetalShare(Frozen):
    """Of a Mac's memory, how much Metal lets a process take when nobody has set a limit."""

    memory_up_to: int  # bytes of the whole machine
    share: float


class Board(Frozen):
    """A small computer whose GPU has no management library."""

    name: str  # part of what its device tree says
    compute_capability: str


class Remedy(Frozen):
    """One thing to do. `{pip}`, `{folder}` and what the check knows are filled in."""

    label: str
    command: str = ""
    on: tuple[str, ...] = ()  # the systems where it helps; empty is everywhere


class Advice(Frozen):
    """What is said of a subject in one case."""

    when: str
    verdict: Verdict
    reason: str
    actions: tuple[Remedy, ...] = ()
    source: str = ""


class Subject(Frozen):
    code: str
    part: str
    name: str
    advice: tuple[Advice, ...] = ()


class Part(Frozen):
    """Optional software: what it is for, and the signs of it."""

    name: str
    purpose: str
    backends: tuple[str, ...] = ()  # of the GPUs for which it is worth having; empty is any machine
    packages: tuple[str, ...] = ()
    programs: tuple[str, ...] = ()
    ports: tuple[int, ...] = ()  # of this machine, where it answers when it runs
    actions: tuple[Remedy, ...]
    source: str


class Thresholds(Frozen):
    python_from: str
    python_below: str
    memory_advised: int  # bytes, as are all below
    memory_small: int
    available_small: int
    disk_advised: int
    disk_small: int
    disk_full: int
    gpu_memory_advised: int
    gpu_busy_share: float  # of its memory, in use by others
    bf16_capability: str  # of NVIDIA GPUs, from which on they compute in bf16
    torch_from: str
    busy_share: float  # of the processor, from which on a measurement says little
    rate_spread: float  # of a rate, from which on it says little
    clock_skew_seconds: float
    sources: dict[str, str]


class CudaBuild(Frozen):
    """Of torch: the oldest GPUs that it has code for."""

    cuda: str
    torch_from: str
    capability: str


class CudaDriver(Frozen):
    """The oldest driver that runs any program of a major version of CUDA."""

    major: int
    driver: str


class DoctorFacts(Frozen):
    thresholds: Thresholds
    subjects: tuple[Subject, ...]
    gaps: dict[str, str]  # how a sentence of Machine.unknown begins -> the case of the subject `unknown`
    parts: tuple[Part, ...]
    cuda_builds: tuple[CudaBuild, ...]  # the first that fits counts
    cuda_drivers: tuple[CudaDriver, ...]
    network_filesystems: tuple[str, ...]
    sources: dict[str, str]


class GpuFacts(Frozen):
    shares_memory: tuple[str, ...]  # parts of the names of NVIDIA GPUs that have no memory of their own
    shares_memory_amd: tuple[str, ...]  # instruction sets of AMD GPUs that are part of a processor
    boards: tuple[Board, ...]
    metal_shares: tuple[MetalShare, ...]  # by growing memory; the first that fits counts
    sources: dict[str, str]


@cache
def gpu_facts() -> GpuFacts:
    return GpuFacts.model_validate(_read("gpus.toml"))


@cache
def doctor_facts() -> DoctorFacts:
    return DoctorFacts.model_validate(_read("doctor.toml"))


def _read(name: str) -> dict[str, Any]:
    return tomllib.loads(files(__name__).joinpath(name).read_text("utf-8"))
