"""Adapters worked into the weights row by row, against PEFT's own merging of the whole model."""

from pathlib import Path

import numpy as np
import pytest
from peft import PeftModel

from luthier.domain.exports import ExportUnsupported
from luthier.engine.loading import load_base
from luthier.export.merging import merged
from luthier.kit.files import read_json, write_json
from tests.builders.exports import an_adapter_folder
from tests.builders.models import a_model_folder
from tests.engine.kinds import ADAPTERS


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return a_model_folder(tmp_path_factory.mktemp("base"), tie_word_embeddings=False)


@pytest.mark.parametrize("kind", ["lora", "rslora", "pissa", "dora", "adalora", "vera", "ia3"])
def test_every_kind_of_adapter_is_merged_as_peft_merges_it(tmp_path: Path, base: Path, kind: str) -> None:
    adapter = an_adapter_folder(base, tmp_path / "adapter", ADAPTERS[kind])
    expected = PeftModel.from_pretrained(load_base(base, "fp32").model, adapter).merge_and_unload().state_dict()
    ours = merged(base, adapter)
    assert ours.changed
    for name in ours.names:
        assert np.allclose(ours.rows(name), expected[name].numpy(), atol=2e-6), name


def test_a_few_rows_in_any_order_are_those_of_the_whole_tensor(tmp_path: Path, base: Path) -> None:
    ours = merged(base, an_adapter_folder(base, tmp_path / "adapter", ADAPTERS["dora"]))
    name, order = ours.changed[0], np.array([5, 0, 31])
    assert np.allclose(ours.rows(name, order), ours.rows(name)[order], atol=1e-7)


def test_an_adapter_that_cannot_be_merged_whole_is_refused_and_not_merged_in_part(tmp_path: Path, base: Path) -> None:
    adapter = an_adapter_folder(base, tmp_path / "adapter")
    config = adapter / "adapter_config.json"
    write_json(config, {**read_json(config), "alpha_pattern": {"q_proj": 64}})
    with pytest.raises(ExportUnsupported, match="alpha_pattern"):
        merged(base, adapter)


def test_an_adapter_for_another_base_is_refused(tmp_path: Path, base: Path) -> None:
    adapter = an_adapter_folder(base, tmp_path / "adapter")
    other = a_model_folder(tmp_path / "other", num_hidden_layers=1)
    with pytest.raises(ExportUnsupported, match=r"layers\.1"):
        merged(other, adapter)
