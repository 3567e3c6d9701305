from pathlib import Path

import pytest

from luthier.planning.cgroups import Limits, read_limits

GIB = 1 << 30


def write(root: Path, files: dict[str, str]) -> None:
    for name, content in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content)


def test_limits_of_version_2_come_from_the_tightest_group_around_the_process(tmp_path: Path) -> None:
    group = "sys/fs/cgroup/system.slice/worker.service"
    files = {
        "proc/self/cgroup": "0::/system.slice/worker.service\n",
        f"{group}/memory.max": "max\n",
        f"{group}/cpu.max": "max 100000\n",
        "sys/fs/cgroup/system.slice/memory.max": f"{8 * GIB}\n",
        "sys/fs/cgroup/system.slice/memory.current": f"{5 * GIB}\n",
        "sys/fs/cgroup/system.slice/memory.stat": f"anon 1\ninactive_file {2 * GIB}\nactive_file 7\n",
        "sys/fs/cgroup/system.slice/cpu.max": "350000 100000\n",
    }
    write(tmp_path, files)
    assert read_limits(tmp_path) == Limits(memory_bytes=8 * GIB, memory_used_bytes=3 * GIB, cores=3.5)


def test_limits_of_version_1_are_found_even_when_the_named_group_is_outside_the_container(tmp_path: Path) -> None:
    files = {
        "proc/self/cgroup": "9:memory:/docker/0123\n4:cpu,cpuacct:/docker/0123\n1:name=systemd:/x\n",
        "sys/fs/cgroup/memory/memory.limit_in_bytes": f"{4 * GIB}\n",
        "sys/fs/cgroup/memory/memory.usage_in_bytes": f"{GIB}\n",
        "sys/fs/cgroup/memory/memory.stat": "total_inactive_file 1024\n",
        "sys/fs/cgroup/cpu/cpu.cfs_quota_us": "200000\n",
        "sys/fs/cgroup/cpu/cpu.cfs_period_us": "100000\n",
    }
    write(tmp_path, files)
    assert read_limits(tmp_path) == Limits(memory_bytes=4 * GIB, memory_used_bytes=GIB - 1024, cores=2.0)


@pytest.mark.parametrize(
    "files",
    [
        {},
        {"proc/self/cgroup": "0::/\n"},
        {
            "proc/self/cgroup": "9:memory:/\n4:cpu,cpuacct:/\n",
            "sys/fs/cgroup/memory/memory.limit_in_bytes": "9223372036854771712\n",
            "sys/fs/cgroup/cpu/cpu.cfs_quota_us": "-1\n",
            "sys/fs/cgroup/cpu/cpu.cfs_period_us": "100000\n",
        },
        {"proc/self/cgroup": "garbage\n\n", "sys/fs/cgroup/memory.max": "what?\n"},
        {"proc/self/cgroup": "0::/\n", "sys/fs/cgroup/cpu.max": "lots of time\n"},
    ],
)
def test_no_limit_is_no_limit(tmp_path: Path, files: dict[str, str]) -> None:
    write(tmp_path, files)
    assert read_limits(tmp_path) == Limits()


def test_nonsense_about_the_use_of_memory_counts_as_none(tmp_path: Path) -> None:
    files = {
        "proc/self/cgroup": "0::/\n",
        "sys/fs/cgroup/memory.max": f"{8 * GIB}\n",
        "sys/fs/cgroup/memory.current": "\n",
        "sys/fs/cgroup/memory.stat": "\ninactive_file\ninactive_file much\n",
    }
    write(tmp_path, files)
    assert read_limits(tmp_path) == Limits(memory_bytes=8 * GIB)
