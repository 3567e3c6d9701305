"""The doctor's points, from machines and software that are given."""

import re
import tomllib
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from luthier.domain.checkup import Check, Verdict
from luthier.domain.machine import Machine
from luthier.planning.checks.gpu import gpu_checks
from luthier.planning.checks.machine import machine_checks
from luthier.planning.checks.rates import rates_check, show_flops
from luthier.planning.checks.software import part_checks, software_checks
from luthier.planning.checks.versions import reaches
from luthier.planning.checks.wording import Wording
from luthier.planning.installed import Installed, TorchBuild
from luthier.planning.machine import probe_machine
from luthier.planning.machine_facts import doctor_facts, gpu_facts
from tests.builders import a_gpu, a_machine, some_rates
from tests.planning.recordings import NAMES, recorded

ROOT = Path(__file__).parents[2]
SAY = Wording("Linux 6.8", "/home/someone/.luthier")
CPU_TORCH = TorchBuild(version="2.13.0+cpu")
CUDA_TORCH = TorchBuild(version="2.13.0", cuda="13.0")


def installed(torch: TorchBuild | None = CPU_TORCH, **changes: Any) -> Installed:
    values = {"packages": {"transformers": "5.1.0", "peft": "0.21.0"}, "programs": {}, "answering": ()}
    return Installed(torch=torch, **(values | changes))


def of_machine(machine: Machine, code: str) -> Check:
    return next(check for check in machine_checks(machine, SAY) if check.code.partition(".")[0] == code)


@pytest.mark.parametrize(
    ("changes", "code", "verdict"),
    [
        ({"python": "3.11.9"}, "python", Verdict.GOOD),
        ({"python": "3.13.12"}, "python", Verdict.GOOD),
        ({"python": "3.10.14"}, "python.unsupported", Verdict.ERROR),
        ({"python": "3.14.0rc1"}, "python.unsupported", Verdict.ERROR),
        ({"python": ""}, "python.unsupported", Verdict.ERROR),
        ({"cpu": "Apple M2", "architecture": "x86_64", "system": "macOS 14.1"}, "system.rosetta", Verdict.WARNING),
        ({"limited": True}, "system.limited", Verdict.NOTE),
        ({"cpu_features": ("avx2", "avx512_bf16")}, "processor", Verdict.GOOD),
        ({"cpu_features": ("avx2",)}, "processor.no_bf16", Verdict.NOTE),
        ({"cpu_features": (), "architecture": "x86_64"}, "processor.old", Verdict.WARNING),
        ({"cpu_features": ("asimd",), "architecture": "arm64"}, "processor.no_bf16", Verdict.NOTE),
        ({"memory_bytes": 33_000_000_000}, "memory", Verdict.GOOD),
        ({"memory_bytes": 25_000_000_000}, "memory.below_advised", Verdict.NOTE),
        ({"memory_bytes": 7_900_000_000, "available_bytes": 7_000_000_000}, "memory.small", Verdict.WARNING),
        ({"memory_bytes": 64_000_000_000, "available_bytes": 1_000_000_000}, "memory.in_use", Verdict.WARNING),
        ({"disk_free_bytes": 60_000_000_000}, "disk", Verdict.GOOD),
        ({"disk_free_bytes": 40_000_000_000}, "disk.below_advised", Verdict.NOTE),
        ({"disk_free_bytes": 9_000_000_000}, "disk.small", Verdict.WARNING),
        ({"disk_free_bytes": 900_000_000}, "disk.full", Verdict.ERROR),
    ],
)
def test_a_machine_is_judged_point_by_point(changes: dict[str, Any], code: str, verdict: Verdict) -> None:
    check = of_machine(a_machine(**changes), code.partition(".")[0])
    assert (check.code, check.verdict) == (code, verdict)
    assert bool(check.reason) == (verdict is not Verdict.GOOD)


def test_what_is_unknown_is_a_point_with_what_can_be_done_about_it() -> None:
    gaps = ("NVIDIA GPU: it is plugged in, and its driver does not answer (why).", "Disk: nobody knows.")
    silent, other = [
        check for check in machine_checks(a_machine(unknown=gaps), SAY) if check.code.startswith("unknown")
    ]
    assert (silent.code, silent.verdict, silent.found) == ("unknown.nvidia", Verdict.WARNING, gaps[0])
    assert "nvidia-smi" in [action.command for action in silent.actions]
    assert (other.code, other.verdict) == ("unknown.other", Verdict.NOTE)


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({}, "gpu"),
        (
            {"memory_bytes": 8_000_000_000, "free_bytes": 7_900_000_000},
            "gpu.below_advised",
        ),
        ({"free_bytes": 1_000_000_000}, "gpu.busy"),
        ({"free_bytes": 1_000_000_000, "unified": True, "backend": "mps"}, "gpu"),
        ({"compute_capability": "7.5"}, "gpu.no_bf16"),
    ],
)
def test_a_gpu_is_judged_by_its_memory_and_what_it_can_do(changes: dict[str, Any], code: str) -> None:
    assert [check.code for check in gpu_checks(a_machine(gpus=(a_gpu(**changes),)), SAY)] == [code]


def test_no_gpu_is_worth_a_note_and_nothing_more() -> None:
    assert [check.verdict for check in gpu_checks(a_machine(), SAY)] == [Verdict.NOTE]


@pytest.mark.parametrize(
    ("torch", "gpu", "code"),
    [
        (None, {}, "torch.missing"),
        (TorchBuild(version="2.7.1+cpu"), None, "torch.old"),
        (TorchBuild(version="2.13.0", readable=False), None, "torch.unreadable"),
        (CPU_TORCH, None, "torch"),
        (CPU_TORCH, {}, "torch.without_cuda"),
        (CPU_TORCH, {"backend": "rocm"}, "torch.without_rocm"),
        (CPU_TORCH, {"backend": "mps"}, "torch"),
        (TorchBuild(version="2.13.0", rocm="6.4"), {"backend": "rocm"}, "torch"),
        (CUDA_TORCH, {"driver": "580.95.05", "compute_capability": "9.0"}, "torch"),
        (CUDA_TORCH, {"driver": "550.54.15", "compute_capability": "9.0"}, "torch.driver_old"),
        (CUDA_TORCH, {"driver": "580.95.05", "compute_capability": "7.0"}, "torch.gpu_old"),
        (
            TorchBuild(version="2.8.0", cuda="12.8"),
            {"driver": "550.54.15", "compute_capability": "7.0"},
            "torch",
        ),
        (
            TorchBuild(version="2.11.0", cuda="12.8"),
            {"driver": "550.54.15", "compute_capability": "7.0"},
            "torch.gpu_old",
        ),
        (
            TorchBuild(version="2.13.0", cuda="12.6"),
            {"driver": "550.54.15", "compute_capability": "6.1"},
            "torch",
        ),
    ],
)
def test_torch_is_held_against_driver_and_gpu(torch: TorchBuild | None, gpu: dict[str, Any] | None, code: str) -> None:
    machine = a_machine(gpus=() if gpu is None else (a_gpu(**gpu),))
    check = next(iter(software_checks(machine, installed(torch), SAY)))
    assert check.code == code
    assert (check.verdict is Verdict.GOOD) or check.actions


def test_a_missing_library_is_named() -> None:
    checks = list(software_checks(a_machine(), installed(packages={"peft": "0.21.0"}), SAY))
    assert "transformers" in checks[1].reason
    assert checks[1].verdict is Verdict.ERROR


def test_parts_for_a_gpu_are_only_proposed_where_there_is_one_and_shown_where_they_are() -> None:
    def names(machine: Machine, **here: Any) -> dict[str, Verdict]:
        return {check.name: check.verdict for check in part_checks(machine, installed(**here), SAY)}

    without, with_gpu = names(a_machine()), names(a_machine(gpus=(a_gpu(),)))
    assert "FlashAttention" not in without
    assert with_gpu["FlashAttention"] is Verdict.NOTE
    assert names(a_machine(), packages={"flash-attn": "2.8"})["FlashAttention"] is Verdict.GOOD
    assert names(a_machine(), programs={"ollama": "/usr/bin/ollama"})["Ollama"] is Verdict.GOOD
    assert names(a_machine(), answering=(1234,))["LM Studio"] is Verdict.GOOD


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({}, "rates"),
        ({"busy_share": 0.5}, "rates.busy"),
        ({"torch": "2.12.0"}, "rates.other_torch"),
        ({"slowest": 0.4}, "rates.unsteady"),
    ],
)
def test_rates_are_doubted_when_they_were_taken_in_bad_conditions(changes: dict[str, Any], code: str) -> None:
    assert rates_check(some_rates(**changes), CPU_TORCH, SAY).code == code


def test_a_machine_that_was_not_measured_is_told_how() -> None:
    check = rates_check(None, CPU_TORCH, SAY)
    assert [action.command for action in check.actions] == ["luthier doctor --measure"]


@pytest.mark.parametrize(
    ("per_second", "shown"), [(7.6e9, "7.6 GFLOP/s"), (4.78e12, "4.8 TFLOP/s"), (1e15, "1.0 PFLOP/s")]
)
def test_operations_are_shown_in_the_unit_that_is_read_easily(per_second: float, shown: str) -> None:
    assert show_flops(per_second) == shown


@pytest.mark.parametrize(
    ("have", "wanted", "answer"),
    [("2.8.0", "2.8", True), ("2.8", "2.8.0", True), ("2.10.0+cu128", "2.9", True), ("2.7.9", "2.8", False)],
)
def test_versions_are_compared_as_numbers(have: str, wanted: str, answer: bool) -> None:
    assert reaches(have, wanted) is answer


def test_no_word_of_the_doctor_has_a_gap_that_nobody_fills() -> None:
    """Each case in each system: every reason and command can be written with what its check knows."""
    facts = doctor_facts()
    for system in ("Linux 6.8", "macOS 14.5", "Windows 11"):
        say = Wording(system, "/a folder")
        for subject in facts.subjects:
            for advice in subject.advice:
                known = dict.fromkeys(re.findall(r"{(\w+)}", advice.reason), "something")
                check = say.advise(f"{subject.code}.{advice.when}", "found", **known)
                shown = " ".join([check.reason, *(action.command or "" for action in check.actions)])
                assert "{" not in shown
        for part in facts.parts:
            assert say.actions(part.actions), f"{part.name} cannot be installed on {system}"


def test_every_warning_and_error_says_what_to_do_unless_the_hardware_is_what_it_is() -> None:
    without = {
        f"{subject.code}.{advice.when}"
        for subject in doctor_facts().subjects
        for advice in subject.advice
        if advice.verdict in (Verdict.ERROR, Verdict.WARNING) and not advice.actions
    }
    assert without == {"processor.old", "memory.small", "opening.failed"}  # the last takes those of its cause


def test_the_facts_agree_with_the_package_and_have_sources() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    limits = doctor_facts().thresholds
    assert project["requires-python"] == f">={limits.python_from},<{limits.python_below}"
    assert f"torch>={limits.torch_from}" in project["optional-dependencies"]["train"]
    assert all(part.source for part in doctor_facts().parts)
    assert {"shares_memory", "boards", "metal_shares"} <= set(gpu_facts().sources)


@pytest.mark.parametrize("name", NAMES)
def test_every_recorded_machine_gets_its_points(name: str, tmp_path: Path) -> None:
    machine = probe_machine(tmp_path, recorded(name, tmp_path))
    say = Wording(machine.system, str(tmp_path))
    checks = [*machine_checks(machine, say), *gpu_checks(machine, say), *software_checks(machine, installed(), say)]
    assert {check.part for check in checks} == {"System", "GPU", "Training"}
    assert len([check for check in checks if check.code.startswith("unknown")]) == len(machine.unknown)


@settings(deadline=None, max_examples=100)
@given(
    st.builds(
        a_machine,
        python=st.text(max_size=8),
        system=st.sampled_from(["", "Linux 6", "macOS 14", "Windows 11", "FreeBSD 14"]),
        memory_bytes=st.integers(0, 1 << 42),
        disk_free_bytes=st.integers(0, 1 << 50),
        cpu_features=st.sets(st.sampled_from(["avx2", "avx512f", "bf16", "asimd"])).map(tuple),
        unknown=st.lists(st.text(max_size=30), max_size=3).map(tuple),
    )
)
def test_no_machine_makes_the_doctor_fail(machine: Machine) -> None:
    say = Wording(machine.system)
    for check in (*machine_checks(machine, say), *gpu_checks(machine, say), *part_checks(machine, installed(), say)):
        assert check.verdict is Verdict.GOOD or check.reason
