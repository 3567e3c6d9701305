"""What the engine can do on a kind of device: a plan for a real run never asks for more."""

from dataclasses import dataclass, replace

from luthier.domain.machine import Device, Machine


@dataclass(frozen=True)
class Abilities:
    devices: tuple[Device, ...]  # that it computes on
    quantised: bool  # a frozen base in nf4
    gradient_checkpointing: bool


# quantised with bitsandbytes alone, and cuda with a build of torch for it
ENGINE = Abilities(devices=("cpu",), quantised=False, gradient_checkpointing=True)
EVERYTHING = Abilities(devices=("cpu", "cuda", "rocm", "mps"), quantised=True, gradient_checkpointing=True)


@dataclass(frozen=True)
class Room:
    """Where a run will compute, and what it may fill there."""

    device: Device
    name: str
    available_bytes: int
    multiplies_bf16: bool
    abilities: Abilities


_CPU_WITH_BF16 = frozenset({"amx_bf16", "avx512_bf16", "bf16"})
_CUDA_WITH_BF16 = 8  # compute capability: Ampere


def native_precision(machine: Machine) -> str:
    """What the processor multiplies directly."""
    return "bf16" if _CPU_WITH_BF16 & set(machine.cpu_features) else "fp32"


def room_on(machine: Machine, abilities: Abilities, wanted: Device | None = None) -> Room:
    """The GPU with the most free memory among those that the engine can use, else the processor; `wanted` allows
    no other kind of device than that.
    """
    if wanted is not None:
        abilities = replace(abilities, devices=(wanted,))
    usable = [gpu for gpu in machine.gpus if gpu.backend in abilities.devices]
    if not usable:
        return Room(
            device="cpu",
            name=machine.cpu,
            available_bytes=machine.available_bytes,
            multiplies_bf16=bool(_CPU_WITH_BF16 & set(machine.cpu_features)),
            abilities=abilities,
        )
    gpu = max(usable, key=lambda each: each.free_bytes)
    older = gpu.backend == "cuda" and gpu.compute_capability.partition(".")[0].isdigit()
    return Room(
        device=gpu.backend,
        name=gpu.name,
        available_bytes=gpu.free_bytes,
        multiplies_bf16=not (older and int(gpu.compute_capability.partition(".")[0]) < _CUDA_WITH_BF16),
        abilities=abilities,
    )
