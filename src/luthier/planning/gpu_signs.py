"""Signs of a GPU that need no driver, and what a search for GPUs brings home."""

from dataclasses import dataclass

from luthier.domain.machine import Gpu
from luthier.planning.probes import Probes, number_of, text_of

NVIDIA, AMD = 0x10DE, 0x1002  # vendors of PCI devices
_DISPLAY = 0x03  # the class of PCI devices that draw or compute


@dataclass(frozen=True)
class Found:
    gpus: tuple[Gpu, ...] = ()
    unknown: tuple[str, ...] = ()

    def __add__(self, other: "Found") -> "Found":
        return Found(self.gpus + other.gpus, self.unknown + other.unknown)


def has_pci_device(probes: Probes, vendor: int) -> bool:
    """Whether a GPU of this vendor is plugged in, with or without a driver. A container sees those of its host."""
    for device in (probes.root / "sys/bus/pci/devices").glob("*"):
        kind = number_of(device / "class")
        if number_of(device / "vendor") == vendor and kind is not None and kind >> 16 == _DISPLAY:
            return True
    return False


def is_wsl(probes: Probes) -> bool:
    """Linux inside Windows, which passes GPUs on in a way of its own."""
    return "microsoft" in (text_of(probes.root / "proc/version") or "").lower()
