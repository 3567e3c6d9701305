"""Durations against recorded passes of every kind: each is judged by what others teach, and never by itself."""

import statistics
import tomllib
from pathlib import Path
from typing import Any

import pytest

from luthier.domain.adapters import AdapterSettings, DoraSettings, FullSettings, LoraSettings
from luthier.domain.machine import MEASURED_EXAMPLE_TOKENS, MEASURED_SUPERVISED_SHARE, Rates
from luthier.planning.duration import Speed, speed_of
from luthier.planning.load import Load
from tests.builders import a_machine, data_facts
from tests.planning.loads import a_load
from tests.planning.rates import rates_of
from tests.planning.rooms import a_room

PASSES: list[dict[str, Any]] = tomllib.loads((Path(__file__).parent / "recorded_passes.toml").read_text("utf-8"))[
    "passes"
]
MEASURED = [
    each
    for each in PASSES
    if each["name"].startswith("LoRA, ")
    and each["tokens"] == MEASURED_EXAMPLE_TOKENS
    and each["kernels"] == "fused"
    and not each["gradient_checkpointing"]
    and each["examples"] in (2, 16)
]  # the passes that `doctor --measure` would have taken
WITHIN = 0.15


def load_of(recorded: dict[str, Any]) -> Load:
    tokens = recorded["tokens"]
    return a_load(
        adapter=_adapter(recorded),
        facts=data_facts(tokens_mean=float(tokens), supervised_share=MEASURED_SUPERVISED_SHARE),
        precision=recorded["precision"],
        kernels=recorded["kernels"],
        gradient_checkpointing=recorded["gradient_checkpointing"],
    )


def _adapter(recorded: dict[str, Any]) -> AdapterSettings:
    match recorded["kind"]:
        case "full":
            return FullSettings(kind="full")
        case "dora":
            return DoraSettings(kind="dora", rank=recorded["rank"])
        case _:
            return LoraSettings(rank=recorded["rank"], dropout=recorded["dropout"])


def expected(recorded: dict[str, Any], rates: Rates | None = None) -> float:
    """Seconds of the pass alone, without the update."""
    machine = a_machine()
    speed: Speed = speed_of(load_of(recorded), a_room(), 1, machine.cpu_features, rates)
    pass_seconds = speed.step_seconds(recorded["examples"] * recorded["tokens"], passes=1)
    return pass_seconds - speed.seconds_per_update


@pytest.mark.parametrize("judged", PASSES, ids=lambda each: each["name"])
def test_what_all_others_teach_gives_the_time_of_each_kind_of_pass(judged: dict[str, Any]) -> None:
    factor = statistics.median(each["seconds"] / expected(each) for each in PASSES if each is not judged)
    assert factor * expected(judged) == pytest.approx(judged["seconds"], rel=WITHIN)


@pytest.mark.parametrize(
    "judged",
    [each for each in PASSES if each not in MEASURED and each["precision"] != "fp32"],
    ids=lambda each: each["name"],
)
def test_two_measured_rates_of_short_lora_give_the_time_of_all_others(judged: dict[str, Any]) -> None:
    rates = rates_of({each["examples"] * each["tokens"]: each["seconds"] for each in MEASURED}, threads=1)
    assert expected(judged, rates) == pytest.approx(judged["seconds"], rel=WITHIN)


def test_ranges_of_a_measured_machine_hold_nine_of_ten_passes() -> None:
    rates = rates_of({each["examples"] * each["tokens"]: each["seconds"] for each in MEASURED}, threads=1)
    judged = [each for each in PASSES if each["precision"] != "fp32"]
    inside = 0
    for each in judged:
        speed = speed_of(load_of(each), a_room(), 1, a_machine().cpu_features, rates)
        range_of = speed.as_estimate(expected(each, rates))
        inside += range_of.low <= each["seconds"] <= range_of.high
    assert inside >= 0.9 * len(judged)
