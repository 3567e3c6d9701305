from pathlib import Path

import pytest

from luthier.planning.probes import MemoryCount, Platform
from luthier.services.folders import Folders
from luthier.services.machine import PROFILE_SECONDS, MachineProfile
from tests.builders import some_rates
from tests.kit.clocks import PatientClock
from tests.planning.recordings import Recording, recorded


class Watched(Recording):
    """Counts how often the hardware was looked at, and may be changed in between."""

    looks = 0

    def platform(self) -> Platform | None:
        type(self).looks += 1
        return super().platform()


@pytest.fixture
def watched(tmp_path: Path) -> Watched:
    Watched.looks = 0
    recording = recorded("two_rtx3090", tmp_path / "root")
    return Watched(recording.content, recording.root)


@pytest.fixture
def clock() -> PatientClock:
    return PatientClock()


@pytest.fixture
def profile(tmp_path: Path, watched: Watched, clock: PatientClock) -> MachineProfile:
    return MachineProfile(Folders(tmp_path), clock, watched, busy_seconds=0.05)


def test_the_hardware_is_looked_at_once_in_five_minutes(
    profile: MachineProfile, clock: PatientClock, watched: Watched
) -> None:
    first = profile.get()
    clock.sleep(PROFILE_SECONDS - 1)
    assert profile.get() == first
    assert Watched.looks == 1
    clock.sleep(2)
    profile.get()
    assert Watched.looks == 2


def test_it_is_looked_at_anew_on_demand(profile: MachineProfile, watched: Watched) -> None:
    profile.get()
    watched.content["nvml"]["gpus"].pop()
    assert len(profile.get().gpus) == 2
    assert len(profile.get(refresh=True).gpus) == 1
    assert len(profile.get().gpus) == 1


def test_free_memory_is_never_remembered(profile: MachineProfile, watched: Watched) -> None:
    before = profile.get()
    watched.content["memory"]["available"] = 1_000_000
    after = profile.get()
    assert (before.available_bytes, after.available_bytes) == (55_010_000_000, 1_000_000)
    assert MemoryCount(**watched.content["memory"]).total == after.memory_bytes
    assert Watched.looks == 1


def test_rates_are_those_of_a_machine_like_this_one(profile: MachineProfile, watched: Watched) -> None:
    assert profile.rates() is None
    mine = some_rates(fingerprint=profile.get().fingerprint)
    profile.keep(some_rates(fingerprint="another"))
    profile.keep(mine)
    assert profile.rates() == mine
    watched.content["cpuinfo"]["cores"] = 4
    watched.content["nvml"]["gpus"].clear()
    profile.get(refresh=True)
    assert profile.rates() is None


def test_how_busy_the_machine_is_is_a_share(profile: MachineProfile) -> None:
    assert 0 <= profile.busy_share() <= 1


@pytest.mark.parametrize(("busy", "kept"), [(0.0, True), (0.15, True), (0.9, False)])
def test_rates_of_a_busy_machine_never_replace_those_of_a_quiet_one(
    profile: MachineProfile, busy: float, kept: bool
) -> None:
    mine = profile.get().fingerprint
    quiet, later = some_rates(fingerprint=mine), some_rates(fingerprint=mine, threads=1, busy_share=busy)
    profile.keep(quiet)
    profile.keep(later)
    assert profile.rates() == (later if kept else quiet)


def test_rates_of_a_busy_machine_are_better_than_none_and_give_way_to_quieter_ones(profile: MachineProfile) -> None:
    mine = profile.get().fingerprint
    for busy in (0.9, 0.5):
        rates = some_rates(fingerprint=mine, busy_share=busy)
        profile.keep(rates)
        assert profile.rates() == rates
