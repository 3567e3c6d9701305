import itertools
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import psutil
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from luthier.domain.machine import Machine
from luthier.planning.machine import live_figures, probe_machine
from luthier.planning.nvml import ask_nvml
from luthier.planning.system_probes import SystemProbes
from tests.planning.recordings import FREE, NAMES, recorded

QUESTIONS = ("platform", "memory", "processors", "nvml", "output", "disk")


@pytest.mark.parametrize("name", NAMES)
def test_a_recorded_machine_is_found_as_it_is(name: str, tmp_path: Path) -> None:
    recording = recorded(name, tmp_path)
    machine = probe_machine(tmp_path, recording)
    found = machine.model_dump(mode="json")
    expected = {key: value for key, value in recording.expected.items() if key not in ("gpus", "unknown")}
    assert {key: found[key] for key in expected} == expected
    assert list(machine.unknown) == recording.expected["unknown"]
    _same_gpus(machine, recording.expected.get("gpus", []))
    assert machine.disk_free_bytes == FREE


def _same_gpus(machine: Machine, expected: list[dict[str, Any]]) -> None:
    shown = [{key: getattr(gpu, key) for key in wanted} for gpu, wanted in zip(machine.gpus, expected, strict=True)]
    assert shown == expected


def test_enough_odd_machines_are_recorded() -> None:
    assert len(NAMES) >= 15


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("question", QUESTIONS)
def test_a_question_without_an_answer_leaves_a_machine_that_says_so(name: str, question: str, tmp_path: Path) -> None:
    """Law 4: complete, or it says what is unknown."""
    whole = probe_machine(tmp_path, recorded(name, tmp_path))
    machine = probe_machine(tmp_path, recorded(name, tmp_path).without(question))
    assert _has_said_its_gaps(machine)
    if len(machine.gpus) < len(whole.gpus) and question != "nvml":
        assert set(machine.unknown) - set(whole.unknown)


@settings(deadline=None, max_examples=60)
@given(st.sampled_from(NAMES), st.sets(st.sampled_from(QUESTIONS)), st.none() | st.integers(0, 400))
def test_whatever_is_missing_or_cut_off_there_is_a_machine_and_a_word_about_every_gap(
    name: str, silent: set[str], most_bytes: int | None
) -> None:
    with TemporaryDirectory() as folder:
        recording = recorded(name, Path(folder), most_bytes).without(*silent)
        assert _has_said_its_gaps(probe_machine(Path(folder), recording))


@settings(deadline=None, max_examples=25)
@given(st.sampled_from(NAMES), st.text(max_size=60))
def test_nonsense_in_the_files_of_the_system_is_no_failure(name: str, nonsense: str) -> None:
    with TemporaryDirectory() as folder:
        root = Path(folder)
        recording = recorded(name, root)
        for path in root.rglob("*"):
            if path.is_file():
                path.write_text(nonsense, "utf-8", errors="replace")
        assert _has_said_its_gaps(probe_machine(root, recording))


def _has_said_its_gaps(machine: Machine) -> bool:
    said = " ".join(machine.unknown)
    return (
        machine.cores >= 1
        and 0 <= machine.available_bytes <= machine.memory_bytes
        and (machine.memory_bytes > 0 or "Memory:" in said or machine.limited)
        and (machine.cpu != "unknown" or "Processor:" in said)
        and (machine.disk_free_bytes > 0 or "Disk:" in said)
        and (machine.system != "unknown" or "Operating system" in said)
        and all(0 <= gpu.free_bytes <= gpu.memory_bytes for gpu in machine.gpus)
    )


@pytest.mark.parametrize(
    ("chosen", "free"),
    [
        ("", []),
        ("-1", []),
        ("3,0", [3_000_000_000, 1_000_000_000]),
        ("1,9,2", [2_000_000_000]),
        ("GPU-22222222", [47_800_000_000]),
        ("GPU-nobody", []),
    ],
)
def test_only_the_gpus_that_cuda_would_show_count(chosen: str, free: list[int], tmp_path: Path) -> None:
    recording = recorded("one_of_four_l40s", tmp_path)
    recording.content["variables"]["CUDA_VISIBLE_DEVICES"] = chosen
    assert [gpu.free_bytes for gpu in probe_machine(tmp_path, recording).gpus] == free


def test_one_slice_can_be_chosen_by_its_id(tmp_path: Path) -> None:
    recording = recorded("a100_mig", tmp_path)
    recording.content["variables"] = {"CUDA_VISIBLE_DEVICES": "MIG-11111111-aaaa-5bbb-8ccc-000000000002"}
    assert [gpu.memory_bytes for gpu in probe_machine(tmp_path, recording).gpus] == [10_468_982_784]


@pytest.mark.parametrize(("chosen", "count"), [("1", 1), ("0,1", 2), ("-1", 0)])
def test_only_the_amd_gpus_that_hip_would_show_count(chosen: str, count: int, tmp_path: Path) -> None:
    recording = recorded("mi300x", tmp_path)
    recording.content["variables"] = {"HIP_VISIBLE_DEVICES": chosen}
    assert len(probe_machine(tmp_path, recording).gpus) == count


def test_what_is_free_is_of_this_moment(tmp_path: Path) -> None:
    recording = recorded("pod_cgroup_v2", tmp_path)
    before = probe_machine(tmp_path, recording)
    (tmp_path / "sys/fs/cgroup/memory.current").write_text("20000000000\n")
    now = live_figures(before, tmp_path, recording)
    assert now.available_bytes < before.available_bytes
    assert now.model_copy(update={"available_bytes": before.available_bytes}) == before


def test_a_machine_is_known_again_whatever_is_free_on_it_and_another_is_not_taken_for_it(tmp_path: Path) -> None:
    prints = {}
    for name in NAMES:
        machine = probe_machine(tmp_path / name, recorded(name, tmp_path / name))
        busier = machine.model_copy(update={"available_bytes": 1, "disk_free_bytes": 2, "python": "3.13.0"})
        assert busier.fingerprint == machine.fingerprint
        prints[name] = machine.fingerprint
    assert len(set(prints.values())) == len(NAMES)


def test_this_machine_can_be_looked_at(tmp_path: Path) -> None:
    machine = probe_machine(tmp_path)
    assert 1 <= machine.cores <= (psutil.cpu_count() or 1)
    assert 0 < machine.available_bytes <= machine.memory_bytes <= psutil.virtual_memory().total
    assert machine.disk_free_bytes > 0
    assert _has_said_its_gaps(machine)


def test_a_program_that_is_not_here_or_says_nothing_gives_no_answer() -> None:
    probes = SystemProbes()
    assert probes.output("no-such-program-anywhere") is None
    assert probes.output("true") is None
    assert (probes.output("echo", "word") or "").strip() == "word"


def test_a_library_that_does_not_answer_says_why() -> None:
    answer = ask_nvml()
    assert answer.refusal or answer.driver


def test_two_threads_of_one_core_count_once_and_forbidden_ones_not_at_all(tmp_path: Path) -> None:
    cores = {}
    for allowed in ([0, 1, 16, 17], [0, 1], [0, 16], list(range(32))):
        recording = recorded("two_rtx3090", tmp_path)
        recording.content["processors"] = {"allowed": allowed}
        cores[tuple(allowed)] = probe_machine(tmp_path, recording).cores
    assert list(cores.values()) == [2, 2, 1, 16]


def test_cores_and_features_that_nothing_tells_are_said_to_be_unknown(tmp_path: Path) -> None:
    recording = recorded("laptop_cpu_only", tmp_path).without("processors")
    (tmp_path / "proc/cpuinfo").unlink()
    machine = probe_machine(tmp_path, recording)
    assert (machine.cores, machine.cpu_features) == (1, ())
    assert [gap.partition(":")[0] for gap in machine.unknown] == [
        "Cores",
        "Processor features (AVX-512, AMX, bf16)",
    ]


def test_every_pair_of_silences_is_survived(tmp_path: Path) -> None:
    recording = recorded("windows_laptop", tmp_path)
    for pair in itertools.combinations(QUESTIONS, 2):
        assert _has_said_its_gaps(probe_machine(tmp_path, recording.without(*pair)))
