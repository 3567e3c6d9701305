"""The limits that a container or a service manager sets on this process, from Linux control groups, both versions."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath


@dataclass(frozen=True)
class Limits:
    """None where there is no limit."""

    memory_bytes: int | None = None
    memory_used_bytes: int = 0  # of the group that limits, without what the system can take back
    cores: float | None = None


def read_limits(root: Path = Path("/")) -> Limits:
    """The tightest of this process's group and all groups around it. No limits where there are no control groups."""
    memory = [limit for folder in _folders(root, "memory") if (limit := _memory_of(folder)) is not None]
    cores = [share for folder in _folders(root, "cpu") if (share := _cores_of(folder)) is not None]
    tightest = min(memory, key=lambda each: each[0] - each[1], default=None)
    return Limits(
        memory_bytes=tightest[0] if tightest else None,
        memory_used_bytes=tightest[1] if tightest else 0,
        cores=min(cores, default=None),
    )


def _folders(root: Path, controller: str) -> Iterator[Path]:
    """The group's folder and those above it. Inside a container the named one may not exist, but the top one does."""
    for line in _lines(root / "proc/self/cgroup"):
        _, _, rest = line.partition(":")
        controllers, _, name = rest.partition(":")
        if not controllers:
            top = root / "sys/fs/cgroup"
        elif controller in controllers.split(","):
            top = root / "sys/fs/cgroup" / controller
        else:
            continue
        path = PurePosixPath(name.lstrip("/"))
        for each in (path, *path.parents):
            yield top / each


def _memory_of(folder: Path) -> tuple[int, int] | None:
    """Limit and use; version 2 first."""
    for limit_file, used_file, cache in (
        ("memory.max", "memory.current", "inactive_file"),
        ("memory.limit_in_bytes", "memory.usage_in_bytes", "total_inactive_file"),
    ):
        limit = _number(folder / limit_file)
        if limit is not None and limit < 1 << 60:  # version 1 says "no limit" with a huge number
            return limit, max(0, (_number(folder / used_file) or 0) - _field(folder / "memory.stat", cache))
    return None


def _cores_of(folder: Path) -> float | None:
    for line in _lines(folder / "cpu.max"):
        quota, _, period = line.partition(" ")
        return int(quota) / int(period) if quota.isdecimal() and period.isdecimal() and int(period) else None
    quota_v1, period_v1 = _number(folder / "cpu.cfs_quota_us"), _number(folder / "cpu.cfs_period_us")
    return quota_v1 / period_v1 if quota_v1 and period_v1 and quota_v1 > 0 else None


def _number(path: Path) -> int | None:
    for line in _lines(path):
        return int(line) if line.removeprefix("-").isdecimal() else None
    return None


def _field(path: Path, name: str) -> int:
    pairs = (line.partition(" ") for line in _lines(path))
    return next((int(value) for key, _, value in pairs if key == name and value.isdecimal()), 0)


def _lines(path: Path) -> list[str]:
    try:
        return path.read_text("utf-8", errors="replace").splitlines()
    except OSError:
        return []
