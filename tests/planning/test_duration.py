import pytest

from luthier.domain.adapters import FullSettings, LoraSettings
from luthier.domain.machine import Rates
from luthier.planning.duration import Speed, speed_of, throughput_for
from luthier.planning.facts import pace
from luthier.planning.load import Load
from tests.builders import a_machine, a_model_shape, data_facts
from tests.planning.rates import rates_of
from tests.planning.rooms import a_room


def speed(tokens: float, supervised_share: float = 1.0, **load: object) -> Speed:
    facts = data_facts(tokens_mean=tokens, supervised_share=supervised_share)
    values: dict[str, object] = {"precision": "bf16", "kernels": "fused", **load}
    built = Load(a_model_shape(), LoraSettings(), facts, batch_size=8, **values)  # type: ignore[arg-type]
    machine = a_machine()
    return speed_of(built, a_room(), machine.cores, machine.cpu_features)


@pytest.mark.parametrize(("tokens", "expected"), [(512, 629e6), (2048, 815e6), (8192, 1558e6)])
def test_the_operations_per_token_of_lora_on_the_starter(tokens: int, expected: float) -> None:
    """Counted by hand: 4 x 134.5 M weights, 6 x 4.9 M of the adapter, and attention."""
    assert speed(tokens, device="cuda").train_flops_per_token == pytest.approx(expected, rel=0.02)


def test_on_a_processor_attention_and_narrow_products_are_worth_more_than_their_operations() -> None:
    assert speed(512).train_flops_per_token > 1.1 * speed(512, device="cuda").train_flops_per_token
    assert speed(2048).train_flops_per_token > 1.4 * speed(2048, device="cuda").train_flops_per_token


def test_the_head_costs_only_where_tokens_are_supervised() -> None:
    assert speed(512, 0.4, device="cuda").train_flops_per_token == pytest.approx(561e6, rel=0.02)


def test_measuring_is_cheaper_than_training() -> None:
    assert speed(512).forward_flops_per_token < 0.55 * speed(512).train_flops_per_token


@pytest.mark.parametrize(
    ("features", "precision", "name"),
    [
        (("amx_bf16", "avx512_bf16", "avx512f", "avx2"), "bf16", "AMX"),
        (("avx512_bf16", "avx512f", "avx2"), "bf16", "AVX-512 with bf16"),
        (("avx512f", "avx2"), "bf16", "any processor, bf16 in software"),
        (("avx512f", "avx2"), "fp32", "AVX-512"),
        (("avx2",), "fp32", "AVX2"),
        (("asimd", "bf16"), "bf16", "Arm with bf16"),
        ((), "fp32", "any processor, fp32"),
        ((), "bf16", "any processor, bf16 in software"),
    ],
)
def test_the_strongest_known_class_of_a_processor_counts(features: tuple[str, ...], precision: str, name: str) -> None:
    assert throughput_for(features, precision).name == name


def test_better_classes_come_first_so_that_the_first_that_fits_is_the_strongest() -> None:
    for precision in ("bf16", "fp32"):
        figures = [known.gflops_per_core for known in pace().throughputs if known.precision == precision]
        assert figures == sorted(figures, reverse=True)


def test_pefts_own_forward_is_expected_to_be_slower() -> None:
    assert speed(512, kernels="reference").step_seconds(1000, 1) > speed(512).step_seconds(1000, 1)


def measured_speed(rates: Rates, cores: int = 2, **changes: object) -> Speed:
    """Of what was measured, unless something is changed."""
    values: dict[str, object] = {
        "facts": data_facts(tokens_mean=128.0, supervised_share=0.5),
        "precision": "bf16",
        "kernels": "fused",
        **changes,
    }
    load = Load(a_model_shape(), values.pop("adapter", LoraSettings()), batch_size=8, **values)  # type: ignore[arg-type]
    return speed_of(load, a_room(), cores, (), rates)


def pass_seconds(speed: Speed, tokens: float, passes: float = 1) -> float:
    """Of a step without its update, which rates are taken without."""
    return speed.step_seconds(tokens, passes) - speed.seconds_per_update


TWO_RATES = rates_of({256: 1.28, 768: 2.56})


def test_a_pace_that_was_measured_here_wins_over_the_class_of_the_processor() -> None:
    measured = measured_speed(rates_of({256: 0.256}))
    assert pass_seconds(measured, 256) == pytest.approx(0.256)
    assert "measured on this machine" in measured.as_estimate(1).basis
    halved = measured_speed(rates_of({256: 0.256}), cores=1)
    assert halved.pace.flops_per_second == pytest.approx(measured.pace.flops_per_second / 2)
    other = measured_speed(rates_of({256: 0.256}), precision="fp32")
    assert "measured on this machine" not in other.as_estimate(1).basis


@pytest.mark.parametrize(("tokens", "passes", "seconds"), [(256, 1, 1.28), (768, 1, 2.56), (512, 2, 2.56)])
def test_two_rates_part_what_a_pass_takes_from_what_its_tokens_take(
    tokens: float, passes: float, seconds: float
) -> None:
    assert pass_seconds(measured_speed(TWO_RATES), tokens, passes) == pytest.approx(seconds)


def test_many_tokens_that_were_as_quick_as_few_are_no_reason_for_free_tokens() -> None:
    odd = measured_speed(rates_of({256: 2.56, 768: 1.92}))
    assert pass_seconds(odd, 768) == pytest.approx(768 / 400)


def test_what_takes_more_operations_than_what_was_measured_takes_longer() -> None:
    """Silent killer of plans: the rate of short LoRA examples taken for the rate of everything."""
    facts = data_facts(tokens_mean=4096.0, supervised_share=0.5)
    usual = measured_speed(TWO_RATES).step_seconds(512, 1)
    long = measured_speed(TWO_RATES, facts=facts).step_seconds(512, 1)
    full = measured_speed(TWO_RATES, adapter=FullSettings(kind="full")).step_seconds(512, 1)
    twice = measured_speed(TWO_RATES, gradient_checkpointing=True).step_seconds(512, 1)
    reference = measured_speed(TWO_RATES, kernels="reference").step_seconds(512, 1)
    assert min(long, full, twice, reference) > 1.1 * usual


def test_a_base_of_twice_the_size_takes_about_twice_as_long_as_the_measured_one() -> None:
    shape = a_model_shape()
    larger = shape.model_copy(update={"layers": 2 * shape.layers, "parameters": 2 * shape.parameters - 28_311_552})
    facts = data_facts(tokens_mean=128.0, supervised_share=0.5)
    load = Load(larger, LoraSettings(), facts, batch_size=8, precision="bf16", kernels="fused")
    twice = speed_of(load, a_room(), 2, (), TWO_RATES)
    per_token = [each.train_flops_per_token / each.pace.flops_per_second for each in (twice, measured_speed(TWO_RATES))]
    assert per_token[0] == pytest.approx(2 * per_token[1], rel=0.2)
