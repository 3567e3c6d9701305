"""What is known about machines in general: facts with their sources, read from the TOML files beside."""

import tomllib
from functools import cache
from importlib.resources import files
from typing import Any

from luthier.kit.frozen import Frozen


class MetalShare(Frozen):
    """Of a Mac's memory, how much Metal lets a process take when nobody has set a limit."""

    memory_up_to: int  # bytes of the whole machine
    share: float


class Board(Frozen):
    """A small computer whose GPU has no management library."""

    name: str  # part of what its device tree says
    compute_capability: str


class GpuFacts(Frozen):
    shares_memory: tuple[str, ...]  # parts of the names of NVIDIA GPUs that have no memory of their own
    shares_memory_amd: tuple[str, ...]  # instruction sets of AMD GPUs that are part of a processor
    boards: tuple[Board, ...]
    metal_shares: tuple[MetalShare, ...]  # by growing memory; the first that fits counts
    sources: dict[str, str]


@cache
def gpu_facts() -> GpuFacts:
    return GpuFacts.model_validate(_read("gpus.toml"))


def _read(name: str) -> dict[str, Any]:
    return tomllib.loads(files(__name__).joinpath(name).read_text("utf-8"))
