from pathlib import Path

import pytest

from luthier.domain.exports import ExportUnsupported
from luthier.export.gguf_adapter import write_adapter
from luthier.kit.files import read_json, write_json
from tests.builders.exports import an_adapter_folder
from tests.builders.models import a_model_folder
from tests.engine.kinds import ADAPTERS


@pytest.mark.parametrize("kind", ["dora", "vera", "ia3"])
def test_a_kind_that_the_format_cannot_carry_is_refused_and_never_written_without_its_rest(
    kind: str, tmp_path: Path
) -> None:
    """Silent killer: a converter that drops the lengths of DoRA and writes what is left of it."""
    base = a_model_folder(tmp_path / "base")
    adapter = an_adapter_folder(base, tmp_path / "adapter", ADAPTERS[kind])
    with pytest.raises(ExportUnsupported, match="only LoRA"):
        write_adapter(base, adapter, tmp_path / "adapter.gguf", "F16", "tuned")
    assert not (tmp_path / "adapter.gguf").exists()


def test_embeddings_that_were_trained_beside_the_adapter_are_refused(tmp_path: Path) -> None:
    """Silent killer: a file of an adapter has no place for them, so they would be left out without a word."""
    base = a_model_folder(tmp_path / "base")
    adapter = an_adapter_folder(base, tmp_path / "adapter")
    config = adapter / "adapter_config.json"
    write_json(config, {**read_json(config), "modules_to_save": ["embed_tokens"]})
    with pytest.raises(ExportUnsupported, match="modules_to_save"):
        write_adapter(base, adapter, tmp_path / "adapter.gguf", "F16", "tuned")
