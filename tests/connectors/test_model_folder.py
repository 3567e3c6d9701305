import json
import struct
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from luthier.connectors.model_folder import inspect_model_folder, revision_of
from luthier.domain.models import FolderIsNoModel, ModelRunsCode

CONFIG = {
    "architectures": ["LlamaForCausalLM"],
    "hidden_size": 8,
    "intermediate_size": 16,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "num_key_value_heads": 2,
    "vocab_size": 10,
    "max_position_embeddings": 64,
    "tie_word_embeddings": True,
}


def safetensors(**shapes: tuple[int, int]) -> bytes:
    header, data = {}, b""
    for name, (rows, columns) in shapes.items():
        size = 2 * rows * columns
        header[name] = {"dtype": "BF16", "shape": [rows, columns], "data_offsets": [len(data), len(data) + size]}
        data += bytes(size)
    text = json.dumps({"__metadata__": {"format": "pt"}, **header}).encode()
    return struct.pack("<Q", len(text)) + text + data


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    write_config(tmp_path)
    (tmp_path / "tokenizer.json").write_text("{}")
    (tmp_path / "model.safetensors").write_bytes(safetensors(embed=(10, 8), up=(16, 8)))
    return tmp_path


def write_config(folder: Path, **changes: Any) -> None:
    config = {name: value for name, value in {**CONFIG, **changes}.items() if value is not None}
    (folder / "config.json").write_text(json.dumps(config))


def test_the_shape_comes_from_the_config_and_the_parameters_from_the_weights(folder: Path) -> None:
    shape = inspect_model_folder(folder).shape
    assert (shape.layers, shape.hidden, shape.intermediate, shape.heads, shape.kv_heads) == (2, 8, 16, 4, 2)
    assert (shape.head_width, shape.vocabulary, shape.context_length) == (2, 10, 64)
    assert shape.parameters == 10 * 8 + 16 * 8
    assert shape.tied_embeddings


def test_the_older_spelling_of_the_same_numbers_is_understood(folder: Path) -> None:
    old = {
        "n_embd": 8,
        "n_layer": 3,
        "n_head": 2,
        "n_positions": 32,
        "vocab_size": 10,
        "architectures": ["GPT2LMHeadModel"],
    }
    (folder / "config.json").write_text(json.dumps(old))
    shape = inspect_model_folder(folder).shape
    assert (shape.layers, shape.heads, shape.kv_heads, shape.intermediate, shape.context_length) == (3, 2, 2, 32, 32)


def test_embeddings_count_as_tied_when_there_is_no_head_of_its_own(folder: Path) -> None:
    write_config(folder, tie_word_embeddings=None)
    assert inspect_model_folder(folder).shape.tied_embeddings
    (folder / "model.safetensors").write_bytes(safetensors(**{"lm_head.weight": (10, 8)}))
    assert not inspect_model_folder(folder).shape.tied_embeddings


def test_weights_in_several_files_are_counted_together(folder: Path) -> None:
    (folder / "model.safetensors").unlink()
    (folder / "one.safetensors").write_bytes(safetensors(embed=(10, 8)))
    (folder / "two.safetensors").write_bytes(safetensors(up=(16, 8)))
    index = {"weight_map": {"embed": "one.safetensors", "up": "two.safetensors"}}
    (folder / "model.safetensors.index.json").write_text(json.dumps(index))
    inspected = inspect_model_folder(folder)
    assert inspected.weight_files == ("one.safetensors", "two.safetensors")
    assert inspected.shape.parameters == 10 * 8 + 16 * 8
    (folder / "two.safetensors").unlink()
    with pytest.raises(FolderIsNoModel, match=r"two\.safetensors is missing"):
        inspect_model_folder(folder)


def test_an_index_must_not_lead_out_of_the_folder(folder: Path) -> None:
    (folder / "model.safetensors.index.json").write_text('{"weight_map": {"a": "../secret.safetensors"}}')
    with pytest.raises(FolderIsNoModel):
        inspect_model_folder(folder)


def damage(text: str) -> Callable[[Path], object]:
    return lambda folder: (folder / "model.safetensors").write_bytes(text.encode())


@pytest.mark.parametrize(
    ("spoil", "reason"),
    [
        (lambda folder: (folder / "config.json").unlink(), "holds no config.json"),
        (lambda folder: (folder / "config.json").write_text("{"), "not JSON"),
        (lambda folder: (folder / "config.json").write_text("[]"), "not a JSON object"),
        (lambda folder: (folder / "config.json").rename(folder / "adapter_config.json"), "an adapter"),
        (lambda folder: (folder / "config.json").rename(folder / "m.gguf"), "GGUF"),
        (lambda folder: (folder / "tokenizer.json").unlink(), "tokenizer.json"),
        (lambda folder: (folder / "model.safetensors").unlink(), r"no \*\.safetensors"),
        (lambda folder: (folder / "model.safetensors").rename(folder / "pytorch_model.bin"), "pickle"),
        (damage("version https://git-lfs.github.com/spec/v1\noid sha256:0"), "Git LFS pointer"),
        (damage(""), "no safetensors file"),
        (damage("<html>not found</html>"), "no safetensors file"),
        (damage("\x02\0\0\0\0\0\0\0[]"), "header of model.safetensors is damaged"),
        (lambda folder: _cut(folder / "model.safetensors", 10), "bytes where its header says"),
        (lambda folder: write_config(folder, num_hidden_layers=None), "num_hidden_layers"),
        (lambda folder: write_config(folder, hidden_size="8"), "hidden_size"),
        (lambda folder: write_config(folder, architectures=["BertForMaskedLM"]), "BertForMaskedLM"),
        (lambda folder: write_config(folder, architectures=None), "architecture"),
        (lambda folder: write_config(folder, quantization_config={"bits": 4}), "quantised"),
    ],
)
def test_a_folder_that_cannot_be_used_says_why(folder: Path, spoil: Callable[[Path], object], reason: str) -> None:
    spoil(folder)
    with pytest.raises(FolderIsNoModel, match=reason):
        inspect_model_folder(folder)


def test_a_tensor_that_does_not_fill_its_bytes_is_noticed(folder: Path) -> None:
    content = safetensors(embed=(10, 8)).replace(b"[10, 8]", b"[11, 8]")
    (folder / "model.safetensors").write_bytes(content)
    with pytest.raises(FolderIsNoModel, match="damaged"):
        inspect_model_folder(folder)


def test_a_model_that_brings_code_is_refused_with_the_evidence(folder: Path) -> None:
    write_config(folder, auto_map={"AutoModel": "modeling.Odd"})
    with pytest.raises(ModelRunsCode, match="auto_map"):
        inspect_model_folder(folder)
    write_config(folder)
    (folder / "modeling_odd.py").write_text("raise SystemExit")
    with pytest.raises(ModelRunsCode, match=r"modeling_odd\.py"):
        inspect_model_folder(folder)


def test_a_revision_names_the_contents_of_the_weight_files_in_any_order() -> None:
    assert revision_of({"a": "1", "b": "2"}) == revision_of({"b": "2", "a": "1"})
    assert revision_of({"a": "1", "b": "2"}) != revision_of({"a": "2", "b": "1"})


def _cut(path: Path, missing: int) -> None:
    path.write_bytes(path.read_bytes()[:-missing])
