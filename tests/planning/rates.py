"""Rates as `doctor --measure` keeps them, from the seconds that passes took."""

from luthier.domain.machine import DeviceRates, Measured, Rates, TrainingRate
from tests.builders import a_moment


def rates_of(seconds_by_tokens: dict[int, float], threads: int = 2) -> Rates:
    """Of passes of LoRA on the starter's shape, in bf16, by the number of their tokens."""
    training = tuple(
        TrainingRate(
            base="starter",
            parameters=134_515_008,
            settings=f"lora-16 bf16 fused {tokens}",
            tokens_per_second=_steady(tokens / seconds),
        )
        for tokens, seconds in seconds_by_tokens.items()
    )
    device = DeviceRates(
        device="cpu", name="a processor", matmul_flops={}, memory_bytes_per_second=_steady(1e9), training=training
    )
    return Rates(
        fingerprint="f",
        measured_at=a_moment(),
        torch="2.13.0",
        threads=threads,
        busy_share=0.0,
        devices=(device,),
        disk_bytes_per_second=_steady(1e9),
    )


def _steady(rate: float) -> Measured:
    return Measured(median=rate, low=rate / 1.02, high=rate * 1.02, repeats=3)
