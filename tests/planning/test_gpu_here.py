"""Only where there is a GPU: what was found without torch is what torch finds."""

from pathlib import Path

import pytest

from luthier.planning.machine import probe_machine

pytestmark = pytest.mark.gpu


def test_the_gpus_found_are_those_that_torch_finds(tmp_path: Path) -> None:
    import torch

    gpus = [gpu for gpu in probe_machine(tmp_path).gpus if gpu.backend in ("cuda", "rocm")]
    assert len(gpus) == torch.cuda.device_count()
    for number, gpu in enumerate(gpus):
        properties = torch.cuda.get_device_properties(number)
        assert gpu.memory_bytes == pytest.approx(properties.total_memory, rel=0.05)
        if gpu.backend == "cuda":
            assert gpu.compute_capability == f"{properties.major}.{properties.minor}"
