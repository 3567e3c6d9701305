"""Memory component by component, with a base that was traced and without; workers' recorded peaks are the judge."""

import tomllib
from pathlib import Path
from typing import Any

import pytest

from luthier.domain.adapters import DoraSettings, FullSettings, LoraSettings
from luthier.domain.traces import ModelTrace
from luthier.kit.files import read_json
from luthier.planning.memory import peak_memory
from tests.builders import an_8b_shape, data_facts
from tests.planning.loads import a_load

HERE = Path(__file__).parent
TRACE = ModelTrace.model_validate(read_json(HERE / "starter_trace.json"))
RECORDED: list[dict[str, Any]] = tomllib.loads((HERE / "recorded_peaks.toml").read_text())["runs"]


def predicted(run: dict[str, Any], trace: ModelTrace | None) -> float:
    tokens = run["tokens"]
    facts = data_facts(
        tokens_p50=tokens,
        tokens_p95=tokens,
        tokens_max=tokens,
        tokens_mean=float(tokens),
        supervised_share=run["supervised_share"],
        sequences=run["sequences"],
    )
    adapter = FullSettings(kind="full") if run["kind"] == "full" else _low_rank(run)
    load = a_load(
        facts=facts,
        adapter=adapter,
        batch_size=run["batch"],
        precision=run["precision"],
        kernels=run["kernels"],
        gradient_checkpointing=run["gradient_checkpointing"],
        trace=trace,
    )
    return peak_memory(load, run["max_length"], run["micro_batch_tokens"]).total


def _low_rank(run: dict[str, Any]) -> LoraSettings | DoraSettings:
    kind = DoraSettings if run["kind"] == "dora" else LoraSettings
    return kind(kind=run["kind"], rank=run["rank"], dropout=run["dropout"])


@pytest.mark.parametrize("run", RECORDED, ids=lambda run: run["name"])
def test_a_traced_base_gives_the_recorded_peak_of_a_worker_within_a_tenth(run: dict[str, Any]) -> None:
    assert predicted(run, TRACE) == pytest.approx(run["peak_bytes"], rel=0.1)


def test_ranges_hold_the_truth_at_least_as_often_as_they_promise() -> None:
    """Nine times in ten, over all recorded runs, traced and counted."""
    for trace in (TRACE, None):
        inside = 0
        for run in RECORDED:
            load = a_load(trace=trace)
            total = predicted(run, trace)
            spread = peak_memory(load, 512, 1024).as_estimate(load)
            inside += total * spread.low <= run["peak_bytes"] * spread.middle <= total * spread.high
        assert inside >= 0.9 * len(RECORDED)


def test_what_is_counted_from_the_shape_is_what_was_traced() -> None:
    """A plain decoder keeps what its shape says, to a hundredth."""
    for precision in ("bf16", "fp32"):
        counted = peak_memory(a_load(precision=precision), 512, 4096).activations
        traced = peak_memory(a_load(precision=precision, trace=TRACE), 512, 4096).activations
        assert counted == pytest.approx(traced, rel=0.01)


def test_the_parts_of_an_estimate_are_those_of_the_sum_and_surround_them() -> None:
    peak = peak_memory(a_load(), 512, 1024)
    estimate = peak.as_estimate(a_load())
    assert sum((part.low + part.high) / 2 for part in estimate.components) == pytest.approx(peak.total)
    assert len({part.name for part in estimate.components}) == len(estimate.components) == 8
    assert estimate.middle == pytest.approx(peak.total)


def test_a_trace_narrows_the_range() -> None:
    narrow, wide = (
        peak_memory(a_load(trace=trace), 512, 1024).as_estimate(a_load(trace=trace)) for trace in (TRACE, None)
    )
    assert narrow.high - narrow.low < wide.high - wide.low


def test_layers_that_are_computed_again_keep_their_input_alone() -> None:
    once = peak_memory(a_load(), 512, 4096)
    again = peak_memory(a_load(gradient_checkpointing=True), 512, 4096)
    assert again.activations < once.activations / 10
    assert again.workspace > once.workspace
    assert again.total < once.total


def test_four_bits_take_a_quarter_of_sixteen_but_for_embeddings_and_head() -> None:
    wide = peak_memory(a_load(shape=an_8b_shape(), device="cuda"), 512, 4096).weights
    narrow = peak_memory(a_load(shape=an_8b_shape(), device="cuda", precision="nf4"), 512, 4096).weights
    tables = 2 * 128256 * 4096 * 2
    assert narrow - tables == pytest.approx((wide - tables) * 0.516 / 2, rel=0.01)


def test_training_every_weight_takes_a_gradient_and_two_moments_for_each() -> None:
    peak = peak_memory(a_load(adapter=FullSettings(kind="full")), 512, 1024)
    assert peak.gradients == 4 * 134_515_008
    assert peak.optimiser == 2 * peak.gradients


def test_dropout_is_counted_although_no_trace_has_it() -> None:
    dropping = LoraSettings(dropout=0.1)
    with_dropout = peak_memory(a_load(adapter=dropping, trace=TRACE), 512, 4096).activations
    assert with_dropout > 1.2 * peak_memory(a_load(trace=TRACE), 512, 4096).activations
