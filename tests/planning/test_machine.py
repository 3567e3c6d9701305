import os
from dataclasses import dataclass
from pathlib import Path

import psutil
import pytest

from luthier.domain.machine import Gpu
from luthier.planning.cgroups import Limits, read_limits
from luthier.planning.machine import probe_machine
from luthier.planning.probes import SystemProbes
from tests.builders import a_gpu

GIB = 1 << 30
UNLIMITED = Limits()


@dataclass
class GivenProbes:
    """A machine with 64 GiB, 48 of them available, and 16 cores."""

    given: Limits = UNLIMITED
    cards: tuple[Gpu, ...] = ()

    def system(self) -> str:
        return "Linux 6.8"

    def python(self) -> str:
        return "3.11.9"

    def libc(self) -> str:
        return "glibc"

    def cpu_name(self) -> str:
        return "A processor"

    def cpu_features(self) -> tuple[str, ...]:
        return ("avx2",)

    def cores(self) -> int:
        return 16

    def memory(self) -> tuple[int, int]:
        return 64 * GIB, 48 * GIB

    def limits(self) -> Limits:
        return self.given

    def gpus(self) -> tuple[Gpu, ...]:
        return self.cards


def test_without_limits_the_whole_machine_counts(tmp_path: Path) -> None:
    machine = probe_machine(tmp_path / "not" / "made" / "yet", GivenProbes(cards=(a_gpu(),)))
    assert (machine.memory_bytes, machine.available_bytes, machine.cores) == (64 * GIB, 48 * GIB, 16)
    assert machine.gpus == (a_gpu(),)
    assert machine.disk_free_bytes > 0


def test_a_container_has_what_its_limits_leave(tmp_path: Path) -> None:
    limits = Limits(memory_bytes=8 * GIB, memory_used_bytes=3 * GIB, cores=2.5)
    machine = probe_machine(tmp_path, GivenProbes(limits))
    assert (machine.memory_bytes, machine.available_bytes, machine.cores) == (8 * GIB, 5 * GIB, 2)


def test_a_share_of_one_core_is_one_core_and_overuse_is_nothing_left(tmp_path: Path) -> None:
    limits = Limits(memory_bytes=GIB, memory_used_bytes=2 * GIB, cores=0.5)
    machine = probe_machine(tmp_path, GivenProbes(limits))
    assert (machine.cores, machine.available_bytes) == (1, 0)


def test_a_limit_above_the_machine_changes_nothing(tmp_path: Path) -> None:
    limits = Limits(memory_bytes=900 * GIB, memory_used_bytes=GIB, cores=400.0)
    machine = probe_machine(tmp_path, GivenProbes(limits))
    assert (machine.memory_bytes, machine.available_bytes, machine.cores) == (64 * GIB, 48 * GIB, 16)


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
    ],
)
def test_no_limit_is_no_limit(tmp_path: Path, files: dict[str, str]) -> None:
    write(tmp_path, files)
    assert read_limits(tmp_path) == Limits()


def processor(number: int, core: int, package: int = 0) -> str:
    return (
        f"processor\t: {number}\nmodel name\t: Some CPU @ 2.00GHz\nphysical id\t: {package}\ncore id\t\t: {core}\n"
        "flags\t\t: fpu sse avx2 avx512f amx_bf16 amx_tile\n\n"
    )


def test_processor_and_features_are_read_from_the_system(tmp_path: Path) -> None:
    write(tmp_path, {"proc/cpuinfo": processor(0, 0)})
    probes = SystemProbes(tmp_path)
    assert probes.cpu_name() == "Some CPU @ 2.00GHz"
    assert probes.cpu_features() == ("amx_bf16", "avx2", "avx512f")


def test_two_threads_of_one_core_count_once(tmp_path: Path) -> None:
    allowed = sorted(os.sched_getaffinity(0))
    write(tmp_path, {"proc/cpuinfo": "".join(processor(number, core=0) for number in allowed)})
    assert SystemProbes(tmp_path).cores() == 1


def test_processors_that_this_process_may_not_use_do_not_count(tmp_path: Path) -> None:
    first, outside = min(os.sched_getaffinity(0)), max(os.sched_getaffinity(0)) + 1
    write(tmp_path, {"proc/cpuinfo": processor(first, 0) + processor(outside, 1)})
    assert SystemProbes(tmp_path).cores() == 1


def test_an_arm_processor_without_core_numbers_is_counted_by_what_is_allowed(tmp_path: Path) -> None:
    write(tmp_path, {"proc/cpuinfo": "processor\t: 0\nFeatures\t: fp asimd bf16\n\nHardware\t: Board\n"})
    probes = SystemProbes(tmp_path)
    assert probes.cores() == len(os.sched_getaffinity(0))
    assert probes.cpu_features() == ("asimd", "bf16")


def test_this_machine_can_be_looked_at(tmp_path: Path) -> None:
    machine = probe_machine(tmp_path)
    assert 1 <= machine.cores <= (psutil.cpu_count() or 1)
    assert 0 < machine.available_bytes <= machine.memory_bytes <= psutil.virtual_memory().total
    assert machine.cpu
