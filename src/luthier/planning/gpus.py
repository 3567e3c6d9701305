"""The GPUs that torch could compute on, whoever made them, and what about them could not be found out."""

from luthier.planning.amd import find_amd
from luthier.planning.apple import find_apple
from luthier.planning.gpu_signs import Found
from luthier.planning.nvidia import find_nvidia
from luthier.planning.probes import MemoryCount, Platform, Probes


def find_gpus(probes: Probes, platform: Platform, memory: MemoryCount | None) -> Found:
    """`memory` is what this process may use of the machine: it is also that of a GPU that has none of its own."""
    if platform.system == "macOS":
        return find_apple(probes, platform, memory)
    found = find_nvidia(probes, memory)
    if platform.system == "Windows":
        return found + Found(unknown=("GPUs of other makers than NVIDIA: they are not looked for on Windows.",))
    return found + find_amd(probes)
