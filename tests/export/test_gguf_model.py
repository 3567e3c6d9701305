"""GGUF files: the tensors and the metadata of llama.cpp's own converter, written row by row."""

import hashlib
import json
from pathlib import Path

import gguf
import numpy as np
import pytest

from luthier.domain.exports import ExportUnsupported
from luthier.export.facts import tensor_types
from luthier.export.gguf_model import About, GgufModel
from luthier.export.merging import merged
from luthier.export.shapes import ModelConfig
from luthier.kit.files import read_json, write_json
from tests.builders.models import a_model_folder
from tests.export.recorded import FAMILIES, a_recorded_model, recorded

ABOUT = About("orders@0.1.0", "Apache-2.0", "makers/tiny", 257)


def a_file(base: Path, path: Path, kind: str = "F16") -> gguf.GGUFReader:
    model = GgufModel(base, merged(base, None), ABOUT)
    model.write(path, model.types(kind), tensor_types().kind(kind).file_type, 2, lambda done, total: None)
    assert path.stat().st_size == model.size(model.types(kind))
    return gguf.GGUFReader(path)


@pytest.mark.parametrize("name", FAMILIES)
@pytest.mark.parametrize("kind", ["F16", "Q8_0"])
def test_every_tensor_is_byte_for_byte_that_of_llama_cpps_converter(tmp_path: Path, name: str, kind: str) -> None:
    reader = a_file(a_recorded_model(tmp_path / "base", name), tmp_path / "model.gguf", kind)
    ours = {
        tensor.name: hashlib.sha256(np.ascontiguousarray(tensor.data).tobytes()).hexdigest()
        for tensor in reader.tensors
    }
    assert ours == recorded(name)[kind]


@pytest.mark.parametrize("name", FAMILIES)
def test_what_the_converter_says_of_a_shape_we_say_too(tmp_path: Path, name: str) -> None:
    ours = {key: value.value for key, value in ModelConfig(a_recorded_model(tmp_path, name)).metadata().items()}
    theirs = json.loads((Path(__file__).parent / "files" / "converter.json").read_text("utf-8"))["metadata"][name]
    assert {key: value for key, value in theirs.items() if key not in ours} == {}
    assert {key: pytest.approx(ours[key]) for key in theirs} == theirs


def test_a_file_is_read_whole_by_llama_cpps_package(tmp_path: Path) -> None:
    reader = a_file(a_model_folder(tmp_path / "base"), tmp_path / "model.gguf")
    fields = {key: field.contents() for key, field in reader.fields.items()}
    assert fields["tokenizer.ggml.eos_token_id"] == 257
    assert fields["general.license"] == "Apache-2.0"
    assert len(fields["tokenizer.ggml.tokens"]) == 258


def test_a_model_of_an_unknown_family_is_refused_with_the_families_that_are_known(tmp_path: Path) -> None:
    base = a_model_folder(tmp_path)
    write_json(base / "config.json", {**read_json(base / "config.json"), "architectures": ["MambaForCausalLM"]})
    with pytest.raises(ExportUnsupported, match=r"MambaForCausalLM.*LlamaForCausalLM"):
        GgufModel(base, merged(base, None), ABOUT)


def test_a_way_of_cutting_text_without_a_name_is_refused(tmp_path: Path) -> None:
    base = a_model_folder(tmp_path)
    document = read_json(base / "tokenizer.json")
    write_json(base / "tokenizer.json", {**document, "pre_tokenizer": {"type": "Whitespace"}})
    with pytest.raises(ExportUnsupported, match="cuts text"):
        GgufModel(base, merged(base, None), ABOUT)


def test_a_sliding_window_that_llama_cpp_ignores_bounds_the_context(tmp_path: Path) -> None:
    config = ModelConfig(a_model_folder(tmp_path, family="mistral", sliding_window=12))
    assert config.metadata()["llama.context_length"].value == 12


def test_a_width_that_no_block_divides_falls_to_the_type_that_fits(tmp_path: Path) -> None:
    base = a_model_folder(tmp_path)
    model = GgufModel(base, merged(base, None), ABOUT)
    assert set(model.types("Q4_K_M").values()) == {"F32", "Q5_0", "Q8_0"}
