"""Adapters on a frozen base: PEFT builds, names and saves them; how they compute is chosen here."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import safetensors.torch
import torch
from peft import PeftModel, get_peft_model, get_peft_model_state_dict
from peft.tuners.lora import Linear as PeftLinear
from peft.tuners.lora import LoraLayer
from peft.tuners.lora.variants import DoraLinearVariant
from peft.tuners.tuners_utils import BaseTunerLayer
from torch import Tensor
from transformers import PreTrainedModel

from luthier.domain.adapters import (
    AdaLoraSettings,
    AdapterSettings,
    AdapterTargetsUnknown,
    DoraSettings,
    LoraSettings,
    Targets,
)
from luthier.engine.adalora import draw_to_orthogonality
from luthier.engine.adapter_kinds import config_of, rates_of, targets_of
from luthier.engine.dora_linear import FusedDora
from luthier.engine.flat_parameters import FlatParameters
from luthier.engine.fused_layers import fuse_layers
from luthier.engine.loading import leave_file
from luthier.engine.loftq import beginnings
from luthier.engine.lora_linear import FusedLora, Weights
from luthier.engine.lora_start import begin_at_weights
from luthier.engine.reward_head import NAME as HEAD
from luthier.engine.reward_head import RewardHead
from luthier.engine.saved_form import as_others_load_it
from luthier.engine.trained import Trained

_HEAD_WEIGHT = f"base_model.model.{HEAD}.weight"  # as PEFT names it


class Adapter(Trained):
    """Its values, fp32, are what PEFT's modules compute with; fused products run on a copy as precise as the base."""

    folder_name = "adapter"
    weights_name = "adapter_model.safetensors"

    def __init__(
        self,
        peft_model: PeftModel,
        parameters: FlatParameters,
        settings: AdapterSettings,
        head: RewardHead | None = None,
    ) -> None:
        super().__init__(parameters, head)
        self._settings = settings
        self._peft_model = peft_model
        self._layers = [module for module in peft_model.modules() if isinstance(module, BaseTunerLayer)]
        self._shadow = parameters.values

    @contextmanager
    def disabled(self) -> Iterator[None]:
        """Within, the model computes as the base alone."""
        with self._peft_model.disable_adapter(), self.head_as_it_began():
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

    def add_own_gradient(self) -> None:
        if isinstance(self._settings, AdaLoraSettings) and self._settings.orthogonality > 0:
            draw_to_orthogonality(self.parameters, self._settings.orthogonality)

    def lora_layers(self) -> dict[str, LoraLayer]:
        """By their names in front of those of their parameters."""
        return {name: each for name, each in self._peft_model.named_modules() if isinstance(each, LoraLayer)}

    def refresh(self) -> None:
        super().refresh()
        if self._shadow is not self.parameters.values:
            self._shadow.copy_(self.parameters.values)

    def write(self, folder: Path, base_name: str, base_revision: str) -> None:
        config = self._peft_model.peft_config["default"]
        config.base_model_name_or_path = base_name
        config.revision = base_revision
        config.inference_mode = True
        if self.head is not None:
            config.task_type, config.modules_to_save = "SEQ_CLS", [HEAD]
        # Without this PEFT asks the hub whether the vocabulary has grown.
        tensors = get_peft_model_state_dict(self._peft_model, save_embedding_layers=False)
        values = self.parameters.views(self.parameters.values)
        config, tensors = as_others_load_it(self._settings, config, tensors, values)
        config.save_pretrained(str(folder))
        if self.head is not None:
            tensors[_HEAD_WEIGHT] = self.head.weight
        plain = {name: tensor.detach().contiguous().clone() for name, tensor in tensors.items()}
        (folder / self.weights_name).write_bytes(safetensors.torch.save(plain, {"format": "pt"}))

    def fuse(self, dropout: float) -> None:
        """For LoRA and DoRA alone."""
        precision = self._layers[0].get_base_layer().weight.dtype
        if precision != torch.float32:
            self._shadow = self.parameters.values.to(precision)
        shadows = self.parameters.views(self._shadow)
        linears = {name: each for name, each in self._peft_model.named_modules() if isinstance(each, PeftLinear)}
        for module in linears.values():
            _lay_out_anew(module)
        leave_file(self._peft_model.get_base_model())
        for name, module in linears.items():
            function = FusedDora if isinstance(module.lora_variant.get("default"), DoraLinearVariant) else FusedLora
            module.forward = function(module, _weights(name, module, shadows), dropout)


def attach(model: PreTrainedModel, settings: AdapterSettings, fused: bool, head: RewardHead | None = None) -> Adapter:
    """Puts a fresh adapter on `model`, in place. Raises AdapterTargetsUnknown when it cannot be put where asked."""
    _refuse_targets(model, targets_of(settings))
    if fused:
        fuse_layers(model)
    peft_model = get_peft_model(model, config_of(settings), autocast_adapter_dtype=True)
    peft_model.eval()
    starts = begin_at_weights(peft_model, settings) if isinstance(settings, LoraSettings) else {}
    named = {name: each for name, each in peft_model.named_parameters() if each.requires_grad}
    if isinstance(settings, LoraSettings) and settings.init == "loftq":
        begun = beginnings(peft_model)
        named |= begun
        starts = dict.fromkeys(begun, (slice(None),))
    if head is not None:
        named[_HEAD_WEIGHT] = head.weight
    adapter = Adapter(peft_model, FlatParameters(named, rate_of=rates_of(settings)), settings, head)
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


def _lay_out_anew(module: PeftLinear) -> None:
    """The same tensor with its memory laid out the other way: forward products read it in order."""
    weight = module.get_base_layer().weight
    weight.data = weight.data.t().contiguous().t()


def _weights(name: str, module: PeftLinear, shadows: dict[str, Tensor]) -> Weights:
    base = module.get_base_layer()
    return Weights(
        weight=base.weight.data,
        bias=None if base.bias is None else base.bias.data,
        a=shadows[f"{name}.lora_A.default.weight"],
        b=shadows[f"{name}.lora_B.default.weight"],
        scale=float(module.scaling["default"]),
    )
