"""Each kind of adapter as PEFT calls it, and how fast its parts learn."""

import math
from collections.abc import Callable

from peft import AdaLoraConfig, IA3Config, LoraConfig, PeftConfig, VeraConfig

from luthier.domain.adapters import (
    AdaLoraSettings,
    AdapterSettings,
    DoraSettings,
    FullSettings,
    Ia3Settings,
    LoraSettings,
    Targets,
    VeraSettings,
)

_KEYS_AND_VALUES, _FEED_FORWARD = ("k_proj", "v_proj"), ("down_proj",)  # as IA3's authors place their scales


def targets_of(settings: AdapterSettings) -> Targets:
    """The layers that it is put on, by name."""
    match settings:
        case Ia3Settings():
            return _KEYS_AND_VALUES + _FEED_FORWARD
        case FullSettings():
            return ()
        case _:
            return settings.targets


def config_of(settings: AdapterSettings) -> PeftConfig:
    match settings:
        case LoraSettings():
            return _lora(settings)
        case DoraSettings():
            return LoraConfig(
                r=settings.rank,
                lora_alpha=settings.alpha,
                lora_dropout=settings.dropout,
                target_modules=_names(settings.targets),
                use_dora=True,
                bias="none",
                task_type="CAUSAL_LM",
            )
        case AdaLoraSettings():
            return AdaLoraConfig(
                init_r=settings.first_rank,
                target_r=settings.rank,
                lora_alpha=settings.alpha,
                lora_dropout=settings.dropout,
                target_modules=_names(settings.targets),
                total_step=1,  # the engine keeps the schedule
                bias="none",
                task_type="CAUSAL_LM",
            )
        case VeraSettings():
            return VeraConfig(
                r=settings.rank,
                vera_dropout=settings.dropout,
                target_modules=_names(settings.targets),
                save_projection=True,
                bias="none",
                task_type="CAUSAL_LM",
            )
        case Ia3Settings():
            return IA3Config(
                target_modules=list(_KEYS_AND_VALUES + _FEED_FORWARD),
                feedforward_modules=list(_FEED_FORWARD),
                task_type="CAUSAL_LM",
            )
        case FullSettings():
            raise ValueError("full fine-tuning has no adapter")


def rates_of(settings: AdapterSettings) -> Callable[[str], float]:
    """Name of a parameter -> how many times the learning rate it learns at."""
    ratio = settings.b_rate_ratio if isinstance(settings, LoraSettings) else 1.0
    return lambda name: ratio if ".lora_B." in name else 1.0


def _lora(settings: LoraSettings) -> LoraConfig:
    """One that begins at the weights carries what it began as, negated, in a second half that is not trained."""
    halves = 2 if settings.begins_at_weights else 1
    steady = halves if settings.scaling == "standard" else math.sqrt(halves)
    return LoraConfig(
        r=halves * settings.rank,
        lora_alpha=steady * settings.alpha,
        lora_dropout=settings.dropout,
        target_modules=_names(settings.targets),
        use_rslora=settings.scaling == "rslora",
        bias="none",
        task_type="CAUSAL_LM",
    )


def _names(targets: Targets) -> str | list[str]:
    return targets if isinstance(targets, str) else list(targets)
