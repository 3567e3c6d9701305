"""What the file of an adapter holds: PEFT's own tensors, or others that any tool can load instead."""

from collections.abc import Mapping

from peft import LoraConfig, PeftConfig
from torch import Tensor

from luthier.domain.adapters import AdaLoraSettings, AdapterSettings, LoraSettings
from luthier.engine.adalora import as_lora
from luthier.engine.loftq import on_the_whole_base


def as_others_load_it(
    settings: AdapterSettings, config: PeftConfig, tensors: Mapping[str, Tensor], values: Mapping[str, Tensor]
) -> tuple[PeftConfig, dict[str, Tensor]]:
    """`values` are those that are trained, by the names that they have in training."""
    if isinstance(settings, LoraSettings) and settings.init == "loftq":
        assert isinstance(config, LoraConfig), "LoftQ is a start of LoRA"
        return on_the_whole_base(settings, config, tensors, values)
    if isinstance(settings, AdaLoraSettings):
        return as_lora(settings, config, tensors)
    return config, dict(tensors)
