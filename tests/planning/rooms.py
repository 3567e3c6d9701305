"""Where a run is computed, for tests that are about nothing else."""

from typing import Any

from luthier.planning.abilities import ENGINE, EVERYTHING, Room

GB = 10**9


def a_room(**changes: Any) -> Room:
    """A processor with bf16, on which the engine does what it can do today."""
    values: dict[str, Any] = {
        "device": "cpu",
        "name": "An x86 processor",
        "available_bytes": 20 * GB,
        "multiplies_bf16": True,
        "abilities": ENGINE,
    }
    return Room(**(values | changes))


def a_gpu_room(gigabytes: float, **changes: Any) -> Room:
    """A GPU on which everything is possible."""
    size = int(gigabytes * GB)
    return a_room(**{"device": "cuda", "name": "A GPU", "available_bytes": size, "abilities": EVERYTHING, **changes})
