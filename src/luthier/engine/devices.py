"""The device of torch that an attempt computes on: the processor, or the one GPU that its launcher has shown it."""

from contextlib import AbstractContextManager, nullcontext

import torch
from torch import Tensor

from luthier.domain.machine import Device, GpuUnusable

CPU = torch.device("cpu")


def device_type(device: Device) -> str:
    """As torch calls it: AMD's GPUs go by the name of NVIDIA's."""
    return "cuda" if device == "rocm" else device


def torch_device(device: Device) -> torch.device:
    """Raises GpuUnusable where torch does not find the GPU that the plan counts on."""
    if device == "cpu":
        return CPU
    if device_type(device) != "cuda" or not torch.cuda.is_available():
        raise GpuUnusable(torch=torch.__version__)
    return torch.device("cuda", 0)


def as_given(tensor: Tensor) -> AbstractContextManager[None]:
    """Within, a GPU's products keep the precision of what goes into them, and softmax is not widened by autocast."""
    return torch.autocast("cuda", enabled=False) if tensor.is_cuda else nullcontext()
