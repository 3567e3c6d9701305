"""The machine a run executes on: what is known of it, what could not be found out, and what was measured on it."""

import hashlib
from datetime import datetime
from typing import Literal

from luthier.domain.errors import Action, MissingPart, WrongUsage
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


MEASURED_EXAMPLE_TOKENS = 128  # of the examples in a pass whose rate is taken: short instructions
MEASURED_SUPERVISED_SHARE = 0.5


class TrainingRate(Frozen):
    """Tokens per second of a training pass, forward and backward, on packed rows."""

    base: str  # whose shape it has, e.g. "starter"; the weights are random
    parameters: int
    settings: str  # e.g. "lora-16 bf16 fused 2048": adapter and rank, precision, kernels, tokens in a pass
    tokens_per_second: Measured

    @property
    def tokens_in_a_pass(self) -> int:
        return int(self.settings.split(" ")[-1])

    @property
    def described(self) -> str:
        """E.g. `the starter's shape with LoRA, rank 16, in bf16, 2,048 tokens a pass`."""
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


class GpuLoad(Frozen):
    """What a GPU refuses to tell is None."""

    name: str
    busy_share: float | None
    memory_used: int | None
    memory_total: int | None
    power_watts: float | None


class MachineLoad(Frozen):
    """How busy the machine is at this moment; bytes throughout."""

    cores: int
    busy_share: float  # of all cores, since the look before; 0..1
    memory_used: int
    memory_total: int
    disk_used: int  # where the workspace is
    disk_total: int
    disk_free: int
    gpus: tuple[GpuLoad, ...] = ()


_ON_PROCESSOR = Action(label="Or compute on the processor", command="luthier train --data FILE --set device=cpu")

_ASKED_FOR = Action(label="See whether the settings ask for it", command="luthier settings show training_device")


class GpuMissing(WrongUsage):
    code = "machine.gpu_missing"
    sentence = "This run is to compute on {device}, and {reason}."
    actions = (
        Action(label="See what was found, and why not more", command="luthier doctor"),
        _ON_PROCESSOR,
        _ASKED_FOR,
    )


class TorchWithoutCuda(MissingPart):
    code = "machine.torch_without_cuda"
    sentence = "The installed torch computes on the processor alone, so {gpu} cannot be used."
    actions = (
        Action(
            label="Install a build for CUDA",
            command="pip install --force-reinstall torch --index-url https://download.pytorch.org/whl/cu126",
        ),
        _ON_PROCESSOR,
        _ASKED_FOR,
    )


class GpuUnusable(MissingPart):
    code = "machine.gpu_unusable"
    sentence = "This is to be computed on a GPU, and torch {torch} finds none that it can use."
    actions = (
        Action(label="See whether driver and torch fit each other", command="luthier doctor"),
        _ON_PROCESSOR,
        Action(label="Or let models answer on the processor", command="LUTHIER_INFERENCE_DEVICE=cpu luthier serve"),
    )
