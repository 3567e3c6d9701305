"""The machine a run executes on: what is known of it, what could not be found out, and what was measured on it."""

import hashlib
from datetime import datetime
from typing import Literal

from luthier.kit.frozen import Frozen

Backend = Literal["cuda", "rocm", "mps"]  # the kinds of GPU that torch computes on
Device = Literal["cpu", "cuda", "rocm", "mps"]


class Gpu(Frozen):
    """One GPU, or one slice of one, whose memory is known. Empty text is not known."""

    name: str
    memory_bytes: int
    free_bytes: int
    backend: Backend = "cuda"
    compute_capability: str = ""  # e.g. "9.0"; on AMD the name of the instruction set, e.g. "gfx1100"
    driver: str = ""  # version, e.g. "550.54.15"
    runtime: str = ""  # the newest that the driver speaks, e.g. "12.4" of CUDA
    unified: bool = False  # its memory is that of the machine, and counts once
    mig: bool = False  # a slice (NVIDIA MIG): a process can use only one of them


class Machine(Frozen):
    system: str  # e.g. "Linux 6.18"
    python: str
    cpu: str
    cores: int  # that this process may use, cgroup limits included
    cpu_features: tuple[str, ...]  # e.g. ("avx512f", "amx_bf16")
    memory_bytes: int  # that this process may use, cgroup limits included; 0 is not known
    available_bytes: int
    disk_free_bytes: int  # where the workspace is
    gpus: tuple[Gpu, ...] = ()
    libc: str = ""  # e.g. "glibc"; empty when unknown or not a Unix
    architecture: str = ""  # e.g. "x86_64", "arm64"
    limited: bool = False  # a container or a service manager gives less than the hardware has
    unknown: tuple[str, ...] = ()  # what could not be found out and why, a sentence each

    @property
    def fingerprint(self) -> str:
        """The same for as long as it computes at the same speed, so that what was measured on it holds."""
        parts = (self.architecture, self.cpu, str(self.cores), *self.cpu_features)
        gpus = tuple(f"{gpu.name} {gpu.memory_bytes}" for gpu in self.gpus)
        return hashlib.sha256("\n".join((*parts, *gpus)).encode()).hexdigest()[:16]


class Measured(Frozen):
    """One rate, measured several times."""

    median: float
    low: float  # the slowest
    high: float  # the fastest
    repeats: int

    @property
    def spread(self) -> float:
        """The slowest and the fastest lie within this factor of the median."""
        return max(self.high / self.median, self.median / self.low)


class TrainingRate(Frozen):
    """Tokens per second of a training pass, forward and backward, on packed rows."""

    base: str  # whose shape it has, e.g. "starter"; the weights are random
    parameters: int
    settings: str  # e.g. "lora-16 bf16 fused 768": adapter and rank, precision, kernels, tokens in a pass
    tokens_per_second: Measured

    @property
    def described(self) -> str:
        """E.g. `the starter's shape with LoRA, rank 16, in bf16, 768 tokens a pass`."""
        adapter, precision, _, tokens = self.settings.split(" ")
        rank = adapter.partition("-")[2]
        return f"the {self.base}'s shape with LoRA, rank {rank}, in {precision}, {tokens} tokens a pass"


class DeviceRates(Frozen):
    device: Device
    name: str
    matmul_flops: dict[str, Measured]  # per second, by precision: "fp32", "bf16", on the GPU "fp16"
    memory_bytes_per_second: Measured  # read and written together while copying
    training: tuple[TrainingRate, ...] = ()


class Rates(Frozen):
    """What a machine reaches, and under which conditions that was seen."""

    fingerprint: str  # of the machine
    measured_at: datetime
    torch: str  # its build, e.g. "2.13.0+cpu"
    threads: int
    busy_share: float  # of the processor, that others used just before; 0..1
    devices: tuple[DeviceRates, ...]  # the processor first
    disk_bytes_per_second: Measured  # written and synced where the workspace is

    def of(self, device: Device) -> DeviceRates | None:
        return next((rates for rates in self.devices if rates.device == device), None)
