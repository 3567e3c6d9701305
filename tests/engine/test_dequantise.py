import json
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file
from tokenizers import Regex, Tokenizer, pre_tokenizers

from luthier.data.render import Renderer
from luthier.domain.datasets import Message, Role
from luthier.domain.gguf import GgufNotTrainable
from luthier.engine.dequantise import dequantise
from luthier.engine.loading import load_base
from luthier.export.facts import pre_tokenizers as known_ways
from luthier.export.facts import tensor_types
from luthier.export.gguf_model import About, GgufModel
from luthier.export.merging import merged
from luthier.kit.files import read_json
from tests.builders.gguf_files import SPECIALS, a_gguf_file, all_tokens
from tests.builders.models import TURN_END, TURN_START, a_model_folder


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
    "change", [{"pre": "jina-v2-code"}, {"model": "llama"}, {"template": None}, {"merges": None}], ids=str
)
def test_a_tokenizer_that_cannot_be_rebuilt_exactly_is_refused(tmp_path: Path, change: dict[str, str | None]) -> None:
    a_gguf_file(tmp_path / "odd.gguf", **change)
    with pytest.raises(GgufNotTrainable):
        dequantise(tmp_path / "odd.gguf", tmp_path / "out")
    assert not (tmp_path / "out" / "model.safetensors").exists()


@pytest.mark.parametrize("content", [b"", b"GGUF", b"<html>not found</html>"])
def test_a_file_that_is_no_gguf_is_refused_with_a_sentence(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "broken.gguf").write_bytes(content)
    with pytest.raises(GgufNotTrainable):
        dequantise(tmp_path / "broken.gguf", tmp_path / "out")


def test_a_control_token_that_does_not_come_out_as_itself_is_noticed(tmp_path: Path) -> None:
    twice = [TURN_START if token == TURN_END else token for token in all_tokens()]
    a_gguf_file(tmp_path / "odd.gguf", tokens=twice)
    with pytest.raises(GgufNotTrainable, match="control token"):
        dequantise(tmp_path / "odd.gguf", tmp_path / "out")
    assert not (tmp_path / "out" / "model.safetensors").exists()


def exported(base: Path, path: Path) -> Path:
    """By our own exporter, whose files are those of llama.cpp's converter."""
    model = GgufModel(base, merged(base, None), About("tiny", "apache-2.0", "makers/tiny", 257))
    model.write(path, model.types("BF16"), tensor_types().kind("BF16").file_type, 1, lambda done, total: None)
    return path


def with_merges(base: Path, cutting: pre_tokenizers.PreTokenizer, whole_words_first: bool) -> None:
    """Two spaces, two digits, and a bracket with a letter are a token each, where cutting lets them stand together."""
    document = read_json(base / "tokenizer.json")
    document["model"]["vocab"] |= {TURN_START: 256, TURN_END: 257, "\u0120\u0120": 258, "12": 259, "(a": 260}
    document["model"]["merges"] = [["\u0120", "\u0120"], ["1", "2"], ["(", "a"]]
    document["model"]["ignore_merges"] = whole_words_first
    tokenizer = Tokenizer.from_str(json.dumps(document))
    tokenizer.pre_tokenizer = cutting
    tokenizer.save(str(base / "tokenizer.json"))


@pytest.mark.parametrize("family", ["llama", "mistral", "qwen2", "qwen3"])
def test_a_model_that_was_exported_comes_back_with_each_weight(tmp_path: Path, family: str) -> None:
    base = a_model_folder(tmp_path / "base", family=family)
    dequantise(exported(base, tmp_path / "tiny.gguf"), tmp_path / "back")
    original, back = load_file(base / "model.safetensors"), load_file(tmp_path / "back" / "model.safetensors")
    assert set(back) == set(original)
    assert [name for name in original if not torch.equal(back[name], original[name])] == []


def test_positions_that_were_stretched_come_back_stretched(tmp_path: Path) -> None:
    """As Llama 3.1 and 3.2 do it; the file holds factors, from which the rule is found again."""
    rope = {
        "rope_type": "llama3",
        "rope_theta": 500_000.0,
        "factor": 32.0,
        "low_freq_factor": 1.0,
        "high_freq_factor": 4.0,
        "original_max_position_embeddings": 8192,
    }
    base = a_model_folder(tmp_path / "base", rope_parameters=rope, head_dim=16)
    dequantise(exported(base, tmp_path / "tiny.gguf"), tmp_path / "back")
    assert read_json(tmp_path / "back" / "config.json")["rope_parameters"] == rope
    odd = a_model_folder(tmp_path / "odd", rope_parameters={**rope, "factor": 5.0}, head_dim=16)
    with pytest.raises(GgufNotTrainable, match="stretched"):
        dequantise(exported(odd, tmp_path / "odd.gguf"), tmp_path / "none")


_BYTES = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)
_WORDS = pre_tokenizers.ByteLevel(add_prefix_space=False)
WAYS = {
    "gpt-2": _WORDS,
    "smollm": pre_tokenizers.Sequence([pre_tokenizers.Digits(individual_digits=True), _WORDS]),
    **{
        each.name: pre_tokenizers.Sequence([pre_tokenizers.Split(Regex(each.pattern), "isolated"), _BYTES])
        for each in known_ways().ways
        if each.pattern
    },
}


@pytest.mark.parametrize("way", [each.name for each in known_ways().ways if each.is_read_back])
def test_each_way_of_cutting_that_is_read_back_gives_the_same_tokens_as_before(tmp_path: Path, way: str) -> None:
    base = a_model_folder(tmp_path / "base", vocab_size=261)
    whole_words_first = next(each.whole_words_first for each in known_ways().ways if each.name == way)
    with_merges(base, WAYS[way], whole_words_first)
    dequantise(exported(base, tmp_path / "tiny.gguf"), tmp_path / "back")
    before, after = (Tokenizer.from_file(str(folder / "tokenizer.json")) for folder in (base, tmp_path / "back"))
    for text in ("Two  spaces, 12 pegs,   112: it's høj <|im_end|>\n\n 12", "12  12\n", "(ab", "", "  "):
        assert after.encode(text, add_special_tokens=False).ids == before.encode(text, add_special_tokens=False).ids
    assert after.encode("ab").ids == before.encode("ab").ids  # the file says that nothing is put before a text


@pytest.mark.parametrize(("said", "begins"), [({}, True), ({"begins": False}, False)])
def test_a_text_begins_as_the_file_says_or_as_llama_cpp_takes_it(
    tmp_path: Path, said: dict[str, bool], begins: bool
) -> None:
    a_gguf_file(tmp_path / "three.gguf", pre="llama-bpe", **said)
    dequantise(tmp_path / "three.gguf", tmp_path / "back")
    first = Tokenizer.from_file(str(tmp_path / "back" / "tokenizer.json")).encode("a").ids[0]
    assert (first == 1) is begins


def test_a_file_that_lacks_a_weight_is_refused_instead_of_filled_with_chance(tmp_path: Path) -> None:
    a_gguf_file(tmp_path / "odd.gguf", lacks="model.layers.1.mlp.up_proj.weight")
    with pytest.raises(GgufNotTrainable, match="up_proj"):
        dequantise(tmp_path / "odd.gguf", tmp_path / "out")
    assert not (tmp_path / "out" / "model.safetensors").exists()
