"""A base is loaded whole or refused."""

from pathlib import Path

import pytest
import safetensors.torch

from luthier.domain.models import ModelDamaged
from luthier.engine.loading import load_base
from tests.builders.models import a_model_folder


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
