"""The machine a run executes on, as far as it matters to a plan."""

from luthier.kit.frozen import Frozen


class Gpu(Frozen):
    name: str
    memory_bytes: int
    free_bytes: int


class Machine(Frozen):
    system: str  # e.g. "Linux 6.18"
    python: str
    cpu: str
    cores: int  # that this process may use, cgroup limits included
    cpu_features: tuple[str, ...]  # e.g. ("avx512f", "amx_bf16")
    memory_bytes: int  # that this process may use, cgroup limits included
    available_bytes: int
    disk_free_bytes: int  # where the workspace is
    gpus: tuple[Gpu, ...] = ()
    libc: str = ""  # e.g. "glibc"; empty when unknown or not a Unix
