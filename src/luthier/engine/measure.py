"""Traces what one layer of a base keeps in memory while it trains.

`python -m luthier.engine.measure FOLDER OUT REVISION PRECISION...` writes a ModelTrace to OUT.

A model of two layers and one of three, in the base's real widths and with the engine's own kernels, go through a
forward and a backward pass. The profiler reports every allocation, so the difference of the two peaks is what a layer
keeps, exactly; what is left of the first is what passes. No weights are read.
"""

import sys
import tempfile
from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from importlib.metadata import version
from itertools import accumulate, product
from pathlib import Path
from typing import Literal

import numpy as np
import orjson
import torch
from torch import nn
from torch.profiler import ProfilerActivity, profile, record_function
from transformers import AutoConfig, AutoModelForCausalLM, PreTrainedModel

from luthier.data.packing import PackedRow, pack
from luthier.domain.adapters import LoraSettings
from luthier.domain.traces import LayerTrace, ModelTrace, Trained
from luthier.engine.adapters import attach
from luthier.engine.flat_parameters import FlatParameters
from luthier.engine.forward import hidden_states
from luthier.engine.fused_layers import fuse_layers
from luthier.engine.packed_attention import KEEP_PROBABILITIES_UP_TO, packed_attention
from luthier.kit.files import write_json

VERSIONS = ("luthier", "torch", "transformers", "peft")
_VOCABULARY = 64  # of the traced models: neither embeddings nor the head are part of a layer
_LAYERS = (2, 3)  # the lowest layer is cheaper than all others: nothing below it wants a gradient
_MARK = "one pass"
_LENGTHS = (32, 96, KEEP_PROBABILITIES_UP_TO + 32)  # tokens of an example: two whose attention is kept, one without
_DTYPES = {"bf16": torch.bfloat16, "fp32": torch.float32}


@dataclass(frozen=True)
class Cell:
    """One way of computing a layer."""

    kernels: Literal["fused", "reference"]
    precision: Literal["bf16", "fp32"]
    trained: Trained


KERNELS: tuple[Literal["fused", "reference"], ...] = ("fused", "reference")
PRECISIONS: tuple[Literal["bf16", "fp32"], ...] = ("bf16", "fp32")
TRAINED: tuple[Trained, ...] = ("adapter", "everything")


def main(arguments: Sequence[str]) -> int:
    folder, out, revision, *precisions = arguments
    torch.manual_seed(0)
    write_json(Path(out), trace(Path(folder), revision, precisions).model_dump(mode="json"))
    return 0


def trace(folder: Path, revision: str, precisions: Sequence[str]) -> ModelTrace:
    """`folder` needs to hold a config.json only."""
    linear, table, other = _weights(folder)
    wanted = [precision for precision in PRECISIONS if precision in precisions]
    cells = [Cell(*each) for each in product(KERNELS, wanted, TRAINED)]
    return ModelTrace(
        revision=revision,
        versions={name: version(name) for name in VERSIONS},
        linear_weights=linear,
        table_weights=table,
        other_weights=other,
        layers=tuple(_traced(folder, cell) for cell in cells),
    )


def _weights(folder: Path) -> tuple[int, int, int]:
    """Counted on the meta device, where tensors have a shape and no memory: in linear layers, tables, all others."""
    with torch.device("meta"):
        model = AutoModelForCausalLM.from_config(AutoConfig.from_pretrained(folder, local_files_only=True))
    tables = {id(each.weight) for each in (model.get_input_embeddings(), model.get_output_embeddings())}
    linears = {id(module.weight) for module in model.modules() if isinstance(module, nn.Linear)} - tables
    linear = sum(each.numel() for each in model.parameters() if id(each) in linears)
    table = sum(each.numel() for each in model.parameters() if id(each) in tables)
    return linear, table, sum(each.numel() for each in model.parameters()) - linear - table


def _traced(folder: Path, cell: Cell) -> LayerTrace:
    less, more = (_peaks(folder, cell, layers) for layers in _LAYERS)
    kept = [larger - smaller for smaller, larger in zip(less, more, strict=True)]
    passing = [smaller - _LAYERS[0] * each for smaller, each in zip(less, kept, strict=True)]
    short, longer = (each / length for length, each in zip(_LENGTHS[:2], kept[:2], strict=True))
    per_token = (passing[1] - passing[0]) / (_LENGTHS[1] - _LENGTHS[0])
    return LayerTrace(
        kernels=cell.kernels,
        precision=cell.precision,
        trained=cell.trained,
        fixed_bytes_per_token=kept[2] / _LENGTHS[2],
        bytes_per_token_and_place=(longer - short) / (_LENGTHS[1] - _LENGTHS[0]),
        places_kept_up_to=KEEP_PROBABILITIES_UP_TO,
        passing_fixed_bytes=passing[0] - _LENGTHS[0] * per_token,
        passing_bytes_per_token=per_token,
        passing_bytes_per_pair=passing[-1] / _LENGTHS[-1] ** 2,
    )


def _peaks(folder: Path, cell: Cell, layers: int) -> list[int]:
    """For an example of each length: the most bytes that exist at once, of those that a pass allocates."""
    model, training = _model(folder, cell, layers)
    rows = [_row(length) for length in _LENGTHS]
    mixed = cell.kernels == "reference" and cell.precision == "bf16"
    with packed_attention(model), training, torch.autocast("cpu", torch.bfloat16, enabled=mixed):
        for row in rows[:2]:  # masks and gradients, which stay, are there afterwards; long rows keep no mask
            hidden_states(model, row).sum().backward()
        with profile(activities=[ProfilerActivity.CPU], profile_memory=True) as profiled:
            for row in rows:
                with record_function(_MARK):
                    out = hidden_states(model, row)
                    out.backward(torch.ones_like(out))
                    del out
    return _highest(profiled)


def _model(folder: Path, cell: Cell, layers: int) -> tuple[PreTrainedModel, AbstractContextManager[None]]:
    config = AutoConfig.from_pretrained(folder, local_files_only=True)
    config.num_hidden_layers = layers
    config.vocab_size = _VOCABULARY
    config.pad_token_id = config.bos_token_id = config.eos_token_id = 0
    if getattr(config, "layer_types", None):
        config.layer_types = config.layer_types[:layers]
    model = AutoModelForCausalLM.from_config(config, dtype=_DTYPES[cell.precision], attn_implementation="sdpa")
    model.requires_grad_(False)
    model.eval()
    fused = cell.kernels == "fused"
    if cell.trained == "adapter":
        return model, attach(model, LoraSettings(), fused).training()
    if fused:
        fuse_layers(model)
    model.requires_grad_(True)
    FlatParameters(dict(model.named_parameters()), precision=model.dtype)  # gathers gradients where they belong
    return model, nullcontext()


def _row(tokens: int) -> PackedRow:
    return pack([np.zeros(tokens, dtype=np.uint32)], [np.ones(tokens, dtype=np.bool_)])


def _highest(profiled: profile) -> list[int]:
    """The highest sum of allocations and releases within each mark, in the order of the marks."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "trace.json"
        profiled.export_chrome_trace(str(file))
        events = orjson.loads(file.read_bytes())["traceEvents"]
    marks = sorted((event for event in events if event.get("name") == _MARK), key=lambda event: event["ts"])
    changes = sorted((event for event in events if event.get("name") == "[memory]"), key=lambda event: event["ts"])
    peaks = []
    for mark in marks:
        within = (event for event in changes if mark["ts"] <= event["ts"] <= mark["ts"] + mark["dur"])
        peaks.append(max(accumulate(event["args"]["Bytes"] for event in within)))
    return peaks


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
