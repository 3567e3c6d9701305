"""Tensors into a safetensors file, straight from where they lie in memory."""

from collections.abc import Mapping
from pathlib import Path

import torch
from torch import Tensor

from luthier.export.safetensors_file import Part, head_of

_NAMES = {
    torch.float32: "F32",
    torch.bfloat16: "BF16",
    torch.float16: "F16",
    torch.int64: "I64",
    torch.int32: "I32",
    torch.uint8: "U8",
    torch.bool: "BOOL",
}


def write_tensors(path: Path, tensors: Mapping[str, Tensor]) -> None:
    """Raises OSError. The library's own writer copies every tensor twice, and hides what the disk said."""
    parts = [
        Part(name, _NAMES[tensor.dtype], tuple(tensor.shape), tensor.numel() * tensor.element_size())
        for name, tensor in tensors.items()
    ]
    with open(path, "wb") as file:
        file.write(head_of(parts))
        for tensor in tensors.values():
            file.write(_bytes_of(tensor))


def _bytes_of(tensor: Tensor) -> memoryview:
    flat = tensor.detach().cpu().contiguous().reshape(-1)
    return memoryview(flat.view(torch.uint8).numpy())
