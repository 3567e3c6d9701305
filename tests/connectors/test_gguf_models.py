"""GGUF files as models: family, size and quantisation, and why one can only be asked."""

from pathlib import Path

import pytest

from luthier.connectors.gguf_models import describe_gguf
from luthier.domain.models import ModelShape
from luthier.export.facts import tensor_types
from luthier.export.gguf_model import About, GgufModel
from luthier.export.merging import merged
from tests.builders.gguf_files import a_gguf_file
from tests.builders.models import a_model_folder


def exported(folder: Path, path: Path, kind: str = "Q8_0", **changes: object) -> Path:
    """A file of our own exporter."""
    base = a_model_folder(folder / "base", **changes)  # type: ignore[arg-type]
    model = GgufModel(base, merged(base, None), About("clerk@0.1.0", "apache-2.0", "makers/tiny", 257))
    model.write(path, model.types(kind), tensor_types().kind(kind).file_type, 1, lambda done, total: None)
    return path


def test_an_export_says_what_it_is_and_can_be_trained_on(tmp_path: Path) -> None:
    found = describe_gguf(exported(tmp_path, tmp_path / "clerk.gguf", family="qwen2"))
    assert (found.title, found.family, found.quantisation, found.licence) == (
        "clerk@0.1.0",
        "qwen2",
        "Q8_0",
        "apache-2.0",
    )
    assert found.is_trainable
    assert found.shape == ModelShape(
        architecture="Qwen2ForCausalLM",
        layers=2,
        hidden=32,
        intermediate=64,
        heads=4,
        kv_heads=2,
        head_width=8,
        vocabulary=258,
        context_length=1024,
        tied_embeddings=True,
        parameters=found.parameters,
    )


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"pre": "jina-v2-code"}, "its tokenizer, of the kind jina-v2-code"),
        ({"model": "llama"}, "cannot be rebuilt exactly"),
        ({"template": None}, "no chat template"),
    ],
)
def test_what_cannot_be_turned_back_exactly_is_only_asked(
    tmp_path: Path, change: dict[str, str | None], reason: str
) -> None:
    a_gguf_file(tmp_path / "odd.gguf", **change)
    found = describe_gguf(tmp_path / "odd.gguf")
    assert not found.is_trainable
    assert reason in found.only_asked


def test_a_family_that_is_not_turned_back_is_only_asked(tmp_path: Path) -> None:
    found = describe_gguf(exported(tmp_path, tmp_path / "third.gguf", family="gemma2"))
    assert "family gemma2" in found.only_asked


def test_a_damaged_file_is_told_and_read_again_once_it_was_mended(tmp_path: Path) -> None:
    path = tmp_path / "tiny.gguf"
    path.write_bytes(b"GGUF")
    assert "ends within its header" in describe_gguf(path).damage
    a_gguf_file(path)
    assert describe_gguf(path).is_trainable
    path.unlink()
    assert describe_gguf(path).damage == "no such file or directory"
