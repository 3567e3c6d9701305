"""What training costs: energy from power and time, money and CO2e from energy, and the price of renting instead."""

from dataclasses import replace

from luthier.domain.machine import Machine
from luthier.domain.plans import Costs, Estimate, Rental
from luthier.planning.abilities import EVERYTHING, Room
from luthier.planning.duration import speed_of
from luthier.planning.facts import GpuFacts, gpus, grids, offers, power
from luthier.planning.knowledge import Tariff
from luthier.planning.load import Load

_GIB = 1 << 30
_HOUR = 3600
_RENTALS_SHOWN = 3


def costs_of(machine: Machine, room: Room, memory: Estimate, duration: Estimate, tariff: Tariff) -> Costs:
    """All grow with the duration. A region that is not known raises KeyError; `is_region` tells before."""
    known, grid = power(), grids()
    watts = _watts(machine, room, memory)
    energy = Estimate(
        low=duration.low * watts / known.spread / _HOUR / 1000,
        high=duration.high * watts * known.spread / _HOUR / 1000,
        unit="kWh",
        confidence=0.8,
        basis=f"About {watts:.0f} W for as long as training takes. {known.source}",
    )
    electricity = Estimate(
        low=energy.low * tariff.price_per_kwh,
        high=energy.high * tariff.price_per_kwh,
        unit="money",
        currency=tariff.currency,
        confidence=energy.confidence,
        basis=f"At {tariff.price_per_kwh:g} {tariff.currency} for a kilowatt-hour, as the settings say.",
    )
    grams = grid.grams_per_kwh[tariff.region]
    co2e = Estimate(
        low=energy.low * grams / grid.spread / 1000,
        high=energy.high * grams * grid.spread / 1000,
        unit="kgCO2e",
        confidence=energy.confidence,
        basis=f"{grams:g} g of CO2e for a kilowatt-hour in {tariff.region}, {grid.at} (setting region). {grid.source}",
    )
    return Costs(energy=energy, electricity=electricity, co2e=co2e, region=tariff.region)


def is_region(name: str) -> bool:
    return name in grids().grams_per_kwh


def regions() -> tuple[str, ...]:
    return tuple(grids().grams_per_kwh)


def rentals_of(load: Load, memory_bytes: float, operations: float) -> tuple[Rental, ...]:
    """The cheapest GPUs that the load fits into as it is, for so many floating-point operations."""
    found = [
        _rental(gpu, load, operations)
        for gpu in gpus().gpus
        if gpu.dollars_per_hour is not None and gpu.memory_gigabytes * 1e9 >= memory_bytes
    ]
    return tuple(sorted(found, key=lambda rental: rental.money.high)[:_RENTALS_SHOWN])


def _rental(gpu: GpuFacts, load: Load, operations: float) -> Rental:
    offer = offers()
    room = Room(device="cuda", name=gpu.name, available_bytes=0, multiplies_bf16=True, abilities=EVERYTHING)
    on_gpu = speed_of(replace(load, device="cuda"), room, cores=1, features=())
    duration = on_gpu.as_estimate(operations / on_gpu.pace.flops_per_second)
    per_hour = gpu.dollars_per_hour or 0.0
    return Rental(
        gpu=gpu.name,
        provider=offer.provider,
        per_hour=per_hour,
        as_of=offer.at,
        duration=duration,
        money=Estimate(
            low=per_hour * (duration.low / _HOUR + offer.overhead_hours),
            high=per_hour * (duration.high / _HOUR + offer.overhead_hours),
            unit="money",
            currency=offer.currency,
            confidence=duration.confidence,
            basis=f"{per_hour:g} {offer.currency} an hour. {offer.source}",
        ),
    )


def _watts(machine: Machine, room: Room, memory: Estimate) -> float:
    known = power()
    if room.device == "cpu":
        gibibytes = memory.high / _GIB
        return machine.cores * known.watts_per_core + gibibytes * known.watts_per_gibibyte + known.other_watts
    gpu = gpus().find(room.name).watts * known.gpu_draw_share
    return gpu + 2 * known.watts_per_core + known.other_watts
