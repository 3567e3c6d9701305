"""A base is loaded whole or refused."""

from pathlib import Path

import pytest
import safetensors.torch

from luthier.domain.adapters import LoraSettings
from luthier.domain.models import ModelDamaged
from luthier.engine.adapters import attach
from luthier.engine.loading import load_base
from tests.builders.models import a_model_folder

MAPS = Path("/proc/self/maps")
linux = pytest.mark.skipif(not MAPS.exists(), reason="only Linux tells which files a process maps")


def is_mapped(folder: Path) -> bool:
    return str(folder / "model.safetensors") in MAPS.read_text()


def test_a_base_without_some_of_its_tensors_is_refused_instead_of_filled_with_noise(tmp_path: Path) -> None:
    folder = a_model_folder(tmp_path / "base")
    weights = folder / "model.safetensors"
    tensors = safetensors.torch.load(weights.read_bytes())
    del tensors["model.layers.1.mlp.up_proj.weight"]
    weights.write_bytes(safetensors.torch.save(tensors, {"format": "pt"}))
    with pytest.raises(ModelDamaged, match="lacks 1 tensors"):
        load_base(folder, "fp32")


def test_tied_embeddings_are_not_missing(tmp_path: Path) -> None:
    base = load_base(a_model_folder(tmp_path / "base", tie_word_embeddings=True), "fp32")
    assert base.shape.tied_embeddings


@linux
def test_weights_that_were_laid_out_anew_are_not_kept_a_second_time_in_the_mapped_file(tmp_path: Path) -> None:
    """Of linear layers with a bias as well: one tensor that stays behind would keep the whole file."""
    folder = a_model_folder(tmp_path / "base", attention_bias=True)
    base = load_base(folder, "bf16")
    assert is_mapped(folder)
    before = {name: tensor.clone() for name, tensor in base.model.state_dict().items()}
    attach(base.model, LoraSettings(rank=4), fused=True)
    assert not is_mapped(folder)
    after = {name.replace(".base_layer", ""): tensor for name, tensor in base.model.state_dict().items()}
    assert all(after[name].equal(tensor) for name, tensor in before.items())


@linux
def test_a_base_in_four_bits_lets_go_of_the_file_that_it_was_made_from(tmp_path: Path) -> None:
    folder = a_model_folder(tmp_path / "base", hidden_size=64, intermediate_size=128)
    base = load_base(folder, "nf4")
    assert not is_mapped(folder)
    assert base.shape.parameters > 0
