"""Where a run computes: what the recipe names, else the settings, else the best GPU that torch can use."""

from luthier.domain.machine import Device, Gpu, GpuMissing, Machine, TorchWithoutCuda
from luthier.planning.abilities import Abilities, Room, room_on
from luthier.planning.decisions import Ledger


def settle_device(machine: Machine, abilities: Abilities, ledger: Ledger, preferred: Device | None = None) -> Room:
    """Raises GpuMissing or TorchWithoutCuda when recipe or settings name a GPU that cannot be used."""
    pinned: Device | None = ledger.pinned("device")
    wanted = pinned or preferred
    if wanted is not None and wanted != "cpu":
        _refuse_unusable(wanted, machine, abilities)
    room = room_on(machine, abilities, wanted)
    if preferred is not None:
        ledger.settle("device", room.device, f"The settings name it (training_device): {room.name}.", "settings")
    else:
        ledger.settle("device", room.device, _reason(room, machine), "machine")
    return room


def _refuse_unusable(wanted: Device, machine: Machine, abilities: Abilities) -> None:
    gpus = [gpu for gpu in machine.gpus if gpu.backend == wanted]
    if wanted not in abilities.devices and wanted != "cuda":
        raise GpuMissing(device=wanted, reason="the engine computes on processors and on GPUs of NVIDIA (cuda)")
    if not gpus:
        raise GpuMissing(device=wanted, reason="no such GPU was found on this machine")
    if wanted not in abilities.devices:
        raise TorchWithoutCuda(gpu=gpus[0].name)


def _reason(room: Room, machine: Machine) -> str:
    if room.device != "cpu":
        return f"Of the GPUs that torch can use, {room.name} has the most free memory."
    if machine.gpus:
        return f"The installed torch or the engine cannot use {_names(machine.gpus)}."
    return "No GPU was found."


def _names(gpus: tuple[Gpu, ...]) -> str:
    return " and ".join(dict.fromkeys(gpu.name for gpu in gpus))
