"""Energy, money and CO2e: complete, growing with time, and as the tables say."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from luthier.domain.plans import Costs, Estimate
from luthier.planning.abilities import ENGINE, room_on
from luthier.planning.choose import make_plan
from luthier.planning.costs import costs_of, is_region, regions
from luthier.planning.facts import gpus, grids
from luthier.planning.knowledge import Knowledge, Tariff
from tests.builders import a_machine, a_model_shape, a_recipe, an_estimate, data_facts


def costs(seconds: float, tariff: Tariff | None = None) -> Costs:
    machine = a_machine()
    duration = an_estimate(seconds, 2 * seconds, "seconds")
    return costs_of(machine, room_on(machine, ENGINE), an_estimate(1e9, 2e9, "bytes"), duration, tariff or Tariff())


@given(st.floats(1, 1e6), st.floats(1.01, 100))
def test_costs_have_every_part_and_grow_with_time(seconds: float, factor: float) -> None:
    short, long = costs(seconds), costs(seconds * factor)
    for name in ("energy", "electricity", "co2e"):
        less, more = getattr(short, name), getattr(long, name)
        assert 0 < less.low < less.high
        assert less.low < more.low
        assert less.high < more.high
        assert less.basis


def test_an_hour_on_two_cores_takes_the_energy_that_the_table_says() -> None:
    """2 x 10 W, 2 GB of memory and 15 W for the rest: 36 W."""
    energy = costs(3600).energy
    assert energy.low == pytest.approx(0.0357 / 1.8, rel=0.01)
    assert energy.high == pytest.approx(2 * 0.0357 * 1.8, rel=0.01)


def test_money_and_co2e_follow_the_rate_and_the_region() -> None:
    home, norway = costs(3600), costs(3600, Tariff(price_per_kwh=0.15, currency="NOK", region="norway"))
    assert norway.electricity.high == pytest.approx(home.electricity.high / 2)
    assert norway.electricity.currency == "NOK"
    assert norway.co2e.high == pytest.approx(home.co2e.high * 30 / 481)


def test_rental_prices_are_those_of_the_price_table() -> None:
    plan = make_plan(a_recipe(), a_machine(), a_model_shape(), data_facts(examples=100_000))
    assert plan.costs is not None
    prices = {gpu.name: gpu.dollars_per_hour for gpu in gpus().gpus}
    for rental in plan.costs.rentals:
        assert rental.per_hour == prices[rental.gpu]
        hours: Estimate = rental.duration
        assert rental.money.high == pytest.approx(rental.per_hour * (hours.high / 3600 + 0.15))
    highs = [rental.money.high for rental in plan.costs.rentals]
    assert highs == sorted(highs)


def test_only_gpus_that_the_run_fits_into_are_offered() -> None:
    plan = make_plan(a_recipe(), a_machine(), a_model_shape(), data_facts(), Knowledge())
    memory = {gpu.name: gpu.memory_gigabytes for gpu in gpus().gpus}
    assert plan.costs is not None
    assert all(memory[rental.gpu] * 1e9 >= plan.memory.high for rental in plan.costs.rentals)


def test_the_world_is_a_region_and_every_grid_has_a_figure_that_can_be() -> None:
    assert is_region("world")
    assert not is_region("atlantis")
    assert all(10 < grids().grams_per_kwh[region] < 1000 for region in regions())


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("NVIDIA A100-SXM4-80GB", "A100"),
        ("NVIDIA GeForce RTX 4090", "RTX 4090"),
        ("NVIDIA L40S", "L40S"),
        ("NVIDIA L4", "L4"),
        ("NVIDIA RTX A4000", "RTX 4000 class"),
        ("NVIDIA H100 PCIe", "H100 PCIe"),
        ("NVIDIA H100 80GB HBM3", "H100"),
        ("Apple M3 Max", "Apple silicon"),
        ("Something new", "an unknown GPU"),
    ],
)
def test_a_gpu_is_known_by_the_words_of_its_name(name: str, expected: str) -> None:
    assert gpus().find(name).name == expected
