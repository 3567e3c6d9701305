"""Adapters on a frozen base: PEFT builds, names and saves them; how they compute is chosen here."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import safetensors.torch
import torch
from peft import PeftModel, get_peft_model, get_peft_model_state_dict
from peft.tuners.lora import Linear as PeftLinear
from peft.tuners.lora.variants import DoraLinearVariant
from peft.tuners.tuners_utils import BaseTunerLayer
from torch import Tensor
from transformers import PreTrainedModel

from luthier.domain.adapters import AdapterSettings, AdapterTargetsUnknown, DoraSettings, LoraSettings, Targets
from luthier.engine.adapter_kinds import config_of, rates_of, targets_of
from luthier.engine.dora_linear import FusedDora
from luthier.engine.flat_parameters import FlatParameters
from luthier.engine.fused_layers import fuse_layers
from luthier.engine.lora_linear import FusedLora, Weights
from luthier.engine.lora_start import begin_at_weights
from luthier.engine.trained import Trained


class Adapter(Trained):
    """Its values, fp32, are what PEFT's modules compute with; fused products run on a copy as precise as the base."""

    folder_name = "adapter"
    weights_name = "adapter_model.safetensors"

    def __init__(self, peft_model: PeftModel, parameters: FlatParameters) -> None:
        super().__init__(parameters)
        self._peft_model = peft_model
        self._layers = [module for module in peft_model.modules() if isinstance(module, BaseTunerLayer)]
        self._shadow = parameters.values

    @contextmanager
    def disabled(self) -> Iterator[None]:
        """Within, the model computes as the base alone."""
        with self._peft_model.disable_adapter():
            yield

    @contextmanager
    def training(self) -> Iterator[None]:
        """Within, the adapter's own dropout is active; the frozen base is never in training mode."""
        for layer in self._layers:
            layer.train()
        try:
            yield
        finally:
            for layer in self._layers:
                layer.eval()

    def refresh(self) -> None:
        super().refresh()
        if self._shadow is not self.parameters.values:
            self._shadow.copy_(self.parameters.values)

    def write(self, folder: Path, base_name: str, base_revision: str) -> None:
        config = self._peft_model.peft_config["default"]
        config.base_model_name_or_path = base_name
        config.revision = base_revision
        config.inference_mode = True
        config.save_pretrained(str(folder))
        # Without this PEFT asks the hub whether the vocabulary has grown.
        tensors = get_peft_model_state_dict(self._peft_model, save_embedding_layers=False)
        plain = {name: tensor.detach().contiguous().clone() for name, tensor in tensors.items()}
        (folder / self.weights_name).write_bytes(safetensors.torch.save(plain, {"format": "pt"}))

    def fuse(self, dropout: float) -> None:
        """For LoRA and DoRA alone."""
        precision = self._layers[0].get_base_layer().weight.dtype
        if precision != torch.float32:
            self._shadow = self.parameters.values.to(precision)
        shadows = self.parameters.views(self._shadow)
        for name, module in self._peft_model.named_modules():
            if isinstance(module, PeftLinear):
                function = FusedDora if isinstance(module.lora_variant.get("default"), DoraLinearVariant) else FusedLora
                module.forward = function(module, _weights(name, module, shadows), dropout)


def attach(model: PreTrainedModel, settings: AdapterSettings, fused: bool) -> Adapter:
    """Puts a fresh adapter on `model`, in place. Raises AdapterTargetsUnknown when it cannot be put where asked."""
    _refuse_targets(model, targets_of(settings))
    if fused:
        fuse_layers(model)
    peft_model = get_peft_model(model, config_of(settings), autocast_adapter_dtype=True)
    peft_model.eval()
    starts = begin_at_weights(peft_model, settings) if isinstance(settings, LoraSettings) else {}
    named = {name: each for name, each in peft_model.named_parameters() if each.requires_grad}
    adapter = Adapter(peft_model, FlatParameters(named, rate_of=rates_of(settings)))
    if starts:
        adapter.parameters.fix(starts)
    if fused and isinstance(settings, LoraSettings | DoraSettings):
        adapter.fuse(settings.dropout)
    return adapter


def _refuse_targets(model: PreTrainedModel, targets: Targets) -> None:
    """A target that is nowhere, or that the engine computes itself, would be dropped in silence."""
    if isinstance(targets, str):
        return
    outer = {model.get_input_embeddings(), model.get_output_embeddings()}
    for target in targets:
        named = [(name, each) for name, each in model.named_modules() if f".{name}".endswith(f".{target}")]
        if not named:
            raise AdapterTargetsUnknown(targets=target, reason="the base model has no such layers")
        for name, module in named:
            if module in outer:
                raise AdapterTargetsUnknown(targets=name, reason="embeddings and the head cannot carry an adapter yet")


def _weights(name: str, module: PeftLinear, shadows: dict[str, Tensor]) -> Weights:
    base = module.get_base_layer()
    # The same tensor with its memory laid out the other way: forward products read it in order.
    base.weight.data = base.weight.data.t().contiguous().t()
    return Weights(
        weight=base.weight.data,
        bias=None if base.bias is None else base.bias.data,
        a=shadows[f"{name}.lora_A.default.weight"],
        b=shadows[f"{name}.lora_B.default.weight"],
        scale=float(module.scaling["default"]),
    )
