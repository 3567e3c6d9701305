"""Loads a base model from a folder: frozen, in the precision asked for, without running any code it brings."""

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import torch
import transformers
from safetensors import SafetensorError
from transformers import AutoModelForCausalLM, PreTrainedModel

from luthier.data.render import Renderer
from luthier.domain.models import BaseUnsupported, ModelDamaged, ModelShape
from luthier.engine.devices import CPU
from luthier.engine.memory_use import freed_at_once
from luthier.engine.quantised import elements_of, nf4_config, settle

transformers.utils.logging.disable_progress_bar()  # a log is no terminal


@dataclass(frozen=True, eq=False)
class LoadedBase:
    model: PreTrainedModel
    renderer: Renderer
    shape: ModelShape


_held: dict[tuple[Path, str], PreTrainedModel] = {}  # each is given away once, as it came


def load_base(folder: Path, precision: str, today: datetime | None = None, device: torch.device = CPU) -> LoadedBase:
    """`today` is the date that its chat template may write; None is the real one.

    Raises ModelDamaged when the folder cannot be loaded, BaseUnsupported when it is not a plain causal decoder,
    QuantisationMissing when nf4 is wanted and nothing here can compute with it.
    """
    held = _held.pop((folder, precision), None) if device == CPU else None
    model = held or _load(folder, precision, device)
    return LoadedBase(model=model, renderer=Renderer(folder, today), shape=_shape_of(model))


def hold(folder: Path, precision: str) -> None:
    """Loads it for whoever wants it first, e.g. in a process that is forked from this one. Raises what loading does."""
    _held[folder, precision] = _load(folder, precision, CPU)


def _load(folder: Path, precision: str, device: torch.device) -> PreTrainedModel:
    quantisation = {"quantization_config": nf4_config(), "device_map": {"": device}} if precision == "nf4" else {}
    try:
        with freed_at_once():
            model, loading = AutoModelForCausalLM.from_pretrained(
                folder,
                dtype=torch.float32 if precision == "fp32" else torch.bfloat16,
                **quantisation,
                local_files_only=True,
                trust_remote_code=False,
                use_safetensors=True,
                output_loading_info=True,
            )
    except torch.OutOfMemoryError:  # a GPU's; the model is well
        raise
    except (OSError, ValueError, KeyError, RuntimeError, SafetensorError) as error:
        raise ModelDamaged(folder=folder, name=folder, reason="it cannot be loaded", details=repr(error)) from error
    if loading["missing_keys"]:  # transformers fills them with random numbers
        reason = f"it lacks {len(loading['missing_keys'])} tensors, {min(loading['missing_keys'])} among them"
        raise ModelDamaged(folder=folder, name=folder, reason=reason)
    _refuse_unsupported(model)
    model.requires_grad_(False)
    if precision == "nf4":
        settle(model)
        leave_file(model)
    model.get_output_embeddings().register_forward_pre_hook(_contiguous)
    model.eval()
    return model if precision == "nf4" else model.to(device)


def leave_file(model: PreTrainedModel) -> None:
    """Copies what still lies in the mapped file of weights: when nothing reads it, the system takes its pages back.

    A mapping goes as a whole, so one tensor that is left there keeps all the others in memory a second time.
    """
    for tensor in (*model.parameters(), *model.buffers()):
        is_as_loaded = tensor.is_floating_point() and tensor.is_contiguous()  # not in four bits, nor laid out anew
        if is_as_loaded and not tensor.requires_grad:
            tensor.data = tensor.data.clone()


def _contiguous(_: torch.nn.Module, inputs: tuple[torch.Tensor, ...]) -> tuple[torch.Tensor, ...]:
    """The last token of each row is a slice; on a slice torch copies the head once per row: 3.4 GB for 60 rows."""
    return (inputs[0].contiguous(),)


def _refuse_unsupported(model: PreTrainedModel) -> None:
    if model.config.is_encoder_decoder:
        raise BaseUnsupported(what="it is an encoder with a decoder")
    if not isinstance(model.get_output_embeddings(), torch.nn.Linear):
        raise BaseUnsupported(what="its head is not a linear layer")
    if getattr(model.config, "attention_chunk_size", None):
        raise BaseUnsupported(what="its attention works in chunks")


def _shape_of(model: PreTrainedModel) -> ModelShape:
    config = model.config
    heads = config.num_attention_heads
    return ModelShape(
        architecture=type(model).__name__,
        layers=config.num_hidden_layers,
        hidden=config.hidden_size,
        intermediate=config.intermediate_size,
        heads=heads,
        kv_heads=getattr(config, "num_key_value_heads", None) or heads,
        head_width=getattr(config, "head_dim", None) or config.hidden_size // heads,
        vocabulary=config.vocab_size,
        context_length=config.max_position_embeddings,
        tied_embeddings=bool(config.tie_word_embeddings),
        parameters=sum(elements_of(parameter) for parameter in model.parameters()),
    )
