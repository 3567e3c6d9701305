from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file
from tokenizers import Tokenizer

from luthier.data.render import Renderer
from luthier.domain.datasets import Message, Role
from luthier.domain.models import ModelDamaged
from luthier.engine.dequantise import dequantise
from luthier.engine.loading import load_base
from luthier.kit.files import read_json
from tests.builders.gguf_files import SPECIALS, a_gguf_file, all_tokens
from tests.builders.models import TURN_END, TURN_START


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("gguf") / "tiny.gguf"


@pytest.fixture(scope="module")
def folder(source: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    a_gguf_file(source)
    target = tmp_path_factory.mktemp("models") / "tiny"
    dequantise(source, target)
    return target


def test_every_weight_is_the_original_in_bf16(source: Path, folder: Path, tmp_path: Path) -> None:
    written = load_file(folder / "model.safetensors")
    original = a_gguf_file(tmp_path / "again.gguf")
    assert set(written) == set(original)
    for name, weight in original.items():
        assert torch.equal(written[name], torch.from_numpy(weight).to(torch.bfloat16)), name


def test_the_folder_says_what_it_is_and_not_where_it_came_from(source: Path, folder: Path) -> None:
    config = read_json(folder / "config.json")
    assert config["architectures"] == ["LlamaForCausalLM"]
    assert config["dtype"] == "bfloat16"
    assert config["tie_word_embeddings"] is True
    assert (config["bos_token_id"], config["eos_token_id"]) == (1, 2)
    assert str(source.parent) not in (folder / "config.json").read_text()
    assert not [path for path in folder.iterdir() if path.suffix in (".py", ".bin", ".gguf")]


def test_the_model_that_was_written_loads_and_computes(folder: Path) -> None:
    base = load_base(folder, "bf16")
    assert base.model.get_output_embeddings().weight is base.model.get_input_embeddings().weight
    assert torch.isfinite(base.model(torch.tensor([[1, 5, 7]])).logits).all()


@pytest.mark.parametrize("token", SPECIALS)
def test_control_tokens_are_one_token_each(folder: Path, token: str) -> None:
    tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
    assert tokenizer.encode(f"a{token}b", add_special_tokens=False).ids[1:-1] == [tokenizer.token_to_id(token)]


def test_digits_are_cut_before_white_space_is(folder: Path) -> None:
    """As the model was trained: both spaces are one token, and each digit is one."""
    tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
    assert tokenizer.encode("a  12", add_special_tokens=False).tokens == ["a", "\u0120\u0120", "1", "2"]


def test_text_survives_the_tokenizer(folder: Path) -> None:
    tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
    text = "Two  spaces, 3 h\u00f8j and \U0001f3bb\n\ttabs "
    assert tokenizer.decode(tokenizer.encode(text, add_special_tokens=False).ids) == text


def test_the_chat_template_and_its_end_are_there(folder: Path) -> None:
    renderer = Renderer(folder)
    assert renderer.stop_ids == (2,)
    prompt = renderer.decode(renderer.prompt_ids([Message(Role.USER, "hi")]), control_tokens=True)
    assert prompt == "<|im_start|>user\nhi<|im_end|>\n<|im_start|>assistant\n"


@pytest.mark.parametrize(
    "change", [{"pre": "qwen2"}, {"model": "llama"}, {"template": None}, {"merges": None}], ids=str
)
def test_a_tokenizer_that_cannot_be_rebuilt_exactly_is_refused(tmp_path: Path, change: dict[str, str | None]) -> None:
    a_gguf_file(tmp_path / "odd.gguf", **change)
    with pytest.raises(ModelDamaged):
        dequantise(tmp_path / "odd.gguf", tmp_path / "out")
    assert not (tmp_path / "out" / "model.safetensors").exists()


@pytest.mark.parametrize("content", [b"", b"GGUF", b"<html>not found</html>"])
def test_a_file_that_is_no_gguf_is_refused_with_a_sentence(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "broken.gguf").write_bytes(content)
    with pytest.raises(ModelDamaged):
        dequantise(tmp_path / "broken.gguf", tmp_path / "out")


def test_a_control_token_that_does_not_come_out_as_itself_is_noticed(tmp_path: Path) -> None:
    twice = [TURN_START if token == TURN_END else token for token in all_tokens()]
    a_gguf_file(tmp_path / "odd.gguf", tokens=twice)
    with pytest.raises(ModelDamaged, match="control token"):
        dequantise(tmp_path / "odd.gguf", tmp_path / "out")
    assert not (tmp_path / "out" / "model.safetensors").exists()
