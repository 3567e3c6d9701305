import pytest

from luthier.domain.adapters import LoraSettings
from luthier.domain.machine import DeviceRates, Measured, Rates, TrainingRate
from luthier.planning.duration import Speed, speed_of, throughput_for
from luthier.planning.facts import pace
from luthier.planning.load import Load
from tests.builders import a_machine, a_model_shape, a_moment, data_facts
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
    assert speed(tokens).train_flops_per_token == pytest.approx(expected, rel=0.02)


def test_the_head_costs_only_where_tokens_are_supervised() -> None:
    assert speed(512, 0.4).train_flops_per_token == pytest.approx(561e6, rel=0.02)


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


def test_a_pace_that_was_measured_here_wins_over_the_class_of_the_processor() -> None:
    rate = Measured(median=1000, low=900, high=1100, repeats=3)
    training = TrainingRate(
        base="starter", parameters=134_515_008, settings="lora-16 bf16 fused 256", tokens_per_second=rate
    )
    device = DeviceRates(
        device="cpu", name="a processor", matmul_flops={}, memory_bytes_per_second=rate, training=(training,)
    )
    rates = Rates(
        fingerprint="f",
        measured_at=a_moment(),
        torch="2.13.0",
        threads=2,
        busy_share=0.0,
        devices=(device,),
        disk_bytes_per_second=rate,
    )
    load = Load(a_model_shape(), LoraSettings(), data_facts(), batch_size=8, precision="bf16", kernels="fused")
    measured = speed_of(load, a_room(), 2, (), rates)
    assert measured.train_flops_per_token / measured.pace.flops_per_second == pytest.approx(1 / 1000)
    assert "measured on this machine" in measured.as_estimate(1).basis
    other = Load(a_model_shape(), LoraSettings(), data_facts(), batch_size=8, precision="fp32", kernels="fused")
    assert "measured on this machine" not in speed_of(other, a_room(), 2, (), rates).as_estimate(1).basis
