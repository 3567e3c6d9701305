"""Readings of the machine: plausible figures, and nothing said of what cannot be read."""

from pathlib import Path

from luthier.domain.jobs import Readings
from luthier.engine.channel import Channel
from luthier.engine.readings import Meters, Watching
from luthier.kit.clock import SystemClock
from tests.engine.workers import facts_of


def test_a_reading_is_within_what_the_machine_has(tmp_path: Path) -> None:
    reading = Meters(tmp_path).read(7)
    assert reading.step == 7
    assert 0 <= reading.worker_cpu_share <= 1 and 0 <= reading.cpu_share <= 1
    assert 0 < reading.memory_used_bytes <= reading.memory_total_bytes
    assert reading.disk_free_bytes > 0


def test_power_comes_from_the_counter_of_energy(tmp_path: Path) -> None:
    counter = tmp_path / "intel-rapl:0" / "energy_uj"
    counter.parent.mkdir()
    counter.write_text("1000000")
    meters = Meters(tmp_path, sensors=tmp_path)
    counter.write_text("900000000")
    power = meters.read(1).power_watts
    assert power is not None and power > 0


def test_a_counter_that_starts_from_zero_again_gives_no_power_rather_than_a_negative_one(tmp_path: Path) -> None:
    counter = tmp_path / "intel-rapl:0" / "energy_uj"
    counter.parent.mkdir()
    counter.write_text("900000000")
    meters = Meters(tmp_path, sensors=tmp_path)
    counter.write_text("17")
    without = Meters(tmp_path, sensors=tmp_path / "nothing").read(1).power_watts
    assert meters.read(1).power_watts == without


def test_readings_are_told_beside_the_work_and_end_with_it(tmp_path: Path) -> None:
    attempt = tmp_path / "run" / "attempts" / "001"
    attempt.mkdir(parents=True)
    with Channel(attempt, 1, SystemClock()) as channel:
        channel.step = 12
        with Watching(channel, tmp_path, every_seconds=0.01) as watching:
            while not readings_of(tmp_path):
                assert watching.is_alive
        count = len(readings_of(tmp_path))
        assert len(readings_of(tmp_path)) == count
    assert readings_of(tmp_path)[0].step == 12


def readings_of(folder: Path) -> list[Readings]:
    return [fact for fact in facts_of(folder / "run") if isinstance(fact, Readings)]
