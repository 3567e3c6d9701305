"""LoRA adapters on a frozen base: PEFT builds, initialises and names them; how they compute is chosen here."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import safetensors.torch
import torch
from peft import LoraConfig, PeftModel, get_peft_model, get_peft_model_state_dict
from peft.tuners.lora import Linear as PeftLinear
from torch import Tensor
from transformers import PreTrainedModel

from luthier.domain.adapters import AdapterTargetsUnknown, LoraSettings
from luthier.engine.fused_layers import fuse_layers
from luthier.engine.lora_linear import FusedLora, Weights
from luthier.engine.optimiser import FlatParameters


class Adapter:
    """The trainable part. Its values, fp32, are one flat buffer that the modules' parameters look into."""

    def __init__(self, peft_model: PeftModel, fused: bool, dropout: float) -> None:
        self._peft_model = peft_model
        self._layers = [module for module in peft_model.modules() if isinstance(module, PeftLinear)]
        self.parameters = FlatParameters(
            {name: each for name, each in peft_model.named_parameters() if each.requires_grad}
        )
        self._shadow = self.parameters.values
        if fused:
            self._fuse(dropout)

    @property
    def trainable_parameters(self) -> int:
        return self.parameters.values.numel()

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
        """After the values have changed: brings the copies that products run on up to date."""
        if self._shadow is not self.parameters.values:
            self._shadow.copy_(self.parameters.values)

    def write(self, folder: Path, base_name: str, base_revision: str) -> None:
        """PEFT's own files, so that plain PEFT loads them."""
        config = self._peft_model.peft_config["default"]
        config.base_model_name_or_path = base_name
        config.revision = base_revision
        config.inference_mode = True
        config.save_pretrained(str(folder))
        # Without this PEFT asks the hub whether the vocabulary has grown.
        tensors = get_peft_model_state_dict(self._peft_model, save_embedding_layers=False)
        plain = {name: tensor.detach().contiguous().clone() for name, tensor in tensors.items()}
        (folder / "adapter_model.safetensors").write_bytes(safetensors.torch.save(plain, {"format": "pt"}))

    def _fuse(self, dropout: float) -> None:
        precision = self._layers[0].get_base_layer().weight.dtype
        if precision != torch.float32:
            self._shadow = self.parameters.values.to(precision)
        shadows = self.parameters.views(self._shadow)
        for name, module in self._peft_model.named_modules():
            if isinstance(module, PeftLinear):
                module.forward = FusedLora(module, _weights(name, module, shadows), dropout)


def attach(model: PreTrainedModel, settings: LoraSettings, fused: bool) -> Adapter:
    """Puts a fresh adapter on `model`, in place. Raises AdapterTargetsUnknown when it cannot be put where asked."""
    targets: str | list[str] = settings.targets if isinstance(settings.targets, str) else list(settings.targets)
    config = LoraConfig(
        r=settings.rank,
        lora_alpha=settings.alpha,
        lora_dropout=settings.dropout,
        target_modules=targets,
        bias="none",
        task_type="CAUSAL_LM",
    )
    _refuse_embeddings(model, targets)
    if fused:
        fuse_layers(model)
    try:
        peft_model = get_peft_model(model, config, autocast_adapter_dtype=True)
    except ValueError as error:
        raise AdapterTargetsUnknown(targets=targets, reason="the base model has no such layers") from error
    peft_model.eval()
    return Adapter(peft_model, fused, settings.dropout)


def _refuse_embeddings(model: PreTrainedModel, targets: str | list[str]) -> None:
    """The engine computes the head itself, without an adapter; a target there would be dropped in silence."""
    if isinstance(targets, str):
        return
    outer = {model.get_input_embeddings(), model.get_output_embeddings()}
    for name, module in model.named_modules():
        if module in outer and any(name == target or name.endswith(f".{target}") for target in targets):
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
