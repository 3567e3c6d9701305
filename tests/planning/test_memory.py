import pytest

from luthier.domain.adapters import (
    AdapterSettings,
    DoraSettings,
    FullSettings,
    LoraSettings,
    VeraSettings,
)
from luthier.planning.load import largest_batch, largest_pass
from luthier.planning.lora_size import adapter_parameters
from luthier.planning.memory import peak_memory
from tests.builders import a_model_shape, an_8b_shape, data_facts
from tests.planning.loads import a_load


@pytest.mark.parametrize(
    ("adapter", "expected"),
    [
        (LoraSettings(), 4_884_480),  # PEFT reports this number for the starter
        (LoraSettings(rank=8), 2_442_240),
        (LoraSettings(targets=("q_proj", "v_proj")), 30 * 16 * ((576 + 576) + (576 + 192))),
        (LoraSettings(targets=("model.layers.0.self_attn.q_proj",)), 30 * 16 * (576 + 576)),
        (LoraSettings(targets=("something_else",)), 30 * 16 * (576 + 1536)),
        (LoraSettings(init="pissa"), 2 * 4_884_480),
        (DoraSettings(kind="dora"), 4_884_480 + 30 * (576 + 192 + 192 + 576 + 1536 + 1536 + 576)),
        (FullSettings(kind="full"), a_model_shape().parameters),
    ],
)
def test_the_size_of_an_adapter_is_counted_exactly(adapter: AdapterSettings, expected: int) -> None:
    assert adapter_parameters(a_model_shape(), adapter) == expected


def test_the_weights_of_an_8b_model_take_16_gb_in_bf16_and_twice_that_in_fp32() -> None:
    narrow = peak_memory(a_load(shape=an_8b_shape()), 512, 4096).weights
    wide = peak_memory(a_load(shape=an_8b_shape(), precision="fp32"), 512, 4096).weights
    assert narrow >= 16e9
    assert wide >= 32e9


def test_smaller_passes_take_less_memory() -> None:
    totals = [peak_memory(a_load(), 512, tokens).total for tokens in (512, 1024, 2048, 4096)]
    assert totals == sorted(set(totals))


def test_a_pass_is_never_counted_smaller_than_the_longest_example_nor_larger_than_a_batch() -> None:
    facts = data_facts(tokens_p50=400, tokens_p95=500, tokens_max=512, tokens_mean=400.0)
    assert largest_pass(facts, 8, max_length=512, micro_batch_tokens=64) == 512
    assert largest_pass(facts, 8, max_length=512, micro_batch_tokens=100_000) == largest_batch(facts, 8, 512)
    assert 8 * 400 < largest_batch(facts, 8, 512) <= 8 * 512


def test_a_pass_holds_both_answers_of_a_pair() -> None:
    facts = data_facts(tokens_p50=400, tokens_p95=500, tokens_max=512, tokens_mean=400.0, sequences=2)
    assert largest_pass(facts, 8, max_length=512, micro_batch_tokens=64) == 1024
    assert largest_batch(facts, 8, 512) > 8 * 2 * 400
    single = data_facts(tokens_p50=400, tokens_p95=500, tokens_max=512, tokens_mean=400.0)
    assert peak_memory(a_load(facts=facts), 512, 8192).total > peak_memory(a_load(facts=single), 512, 8192).total


def test_loading_needs_room_for_the_file_beside_the_weights_that_are_made_from_it() -> None:
    """Where the passes are short and the base is large, that is the peak."""
    short = data_facts(tokens_p50=64, tokens_p95=64, tokens_max=64, tokens_mean=64.0)
    peak = peak_memory(a_load(shape=an_8b_shape(), facts=short, batch_size=1), 64, 64)
    assert peak.total > 2 * peak.weights
    assert peak_memory(a_load(shape=an_8b_shape(), facts=short, batch_size=1, device="cuda"), 64, 64).total < 20e9


def test_a_length_limit_bounds_what_is_counted() -> None:
    assert largest_pass(data_facts(tokens_max=9000), 1, max_length=100, micro_batch_tokens=64) == 100


def test_logits_are_counted_for_one_chunk_of_supervised_rows_only() -> None:
    few, many = data_facts(supervised_share=0.01), data_facts(supervised_share=1.0)
    assert peak_memory(a_load(facts=few), 512, 1024).logits < peak_memory(a_load(facts=many), 512, 1024).logits
    at_most = 512 * 49152 * 8 * 1.5
    assert peak_memory(a_load(facts=many), 512, 8192).logits < at_most


def test_pefts_own_forward_is_expected_to_keep_more() -> None:
    fused, reference = (peak_memory(a_load(kernels=kernels), 512, 4096).total for kernels in ("fused", "reference"))
    assert reference > fused


def test_what_libraries_compute_in_their_own_way_may_take_more() -> None:
    load = a_load(adapter=VeraSettings(kind="vera"), kernels="reference")
    peak = peak_memory(load, 512, 1024)
    estimate = peak.as_estimate(load)
    assert estimate.low < peak.total < peak.total * 1.33 < estimate.high
    assert peak.total < peak.expected(load) == pytest.approx(estimate.middle)


def test_dora_keeps_the_products_of_a_layer() -> None:
    plain, dora = (
        peak_memory(a_load(adapter=each, batch_size=1), 512, 1024)
        for each in (LoraSettings(), DoraSettings(kind="dora"))
    )
    products = 2 * (576 + 192 + 192 + 576 + 1536 + 1536 + 576)
    assert dora.activations - plain.activations == pytest.approx(1.5 * 512 * 30 * products, rel=1e-6)
