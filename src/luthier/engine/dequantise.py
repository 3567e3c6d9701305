"""Turns a quantised GGUF file into an ordinary model folder, once: bf16 safetensors and the exact tokenizer."""

from pathlib import Path
from typing import Any

import gguf
import numpy as np
import torch
from numpy.typing import NDArray
from tokenizers import AddedToken, Regex, Tokenizer, decoders, models, pre_tokenizers, processors
from transformers import AutoConfig, AutoModelForCausalLM, GgufConfig, PreTrainedConfig, PreTrainedTokenizerFast
from transformers.utils import logging

from luthier.domain.gguf import GgufNotTrainable
from luthier.export import facts
from luthier.export.shapes import stretched
from luthier.kit.files import read_json, write_json

_ADDED = _CONTROL, _USER_DEFINED = 3, 4  # of llama_token_type: never split, and the first is no part of text
_EOS = "tokenizer.ggml.eos_token_id"
_BEGINS, _ENDS = "tokenizer.ggml.add_bos_token", "tokenizer.ggml.add_eos_token"
_METADATA = (
    "general.architecture",
    "tokenizer.ggml.model",
    "tokenizer.ggml.pre",
    "tokenizer.ggml.tokens",
    "tokenizer.ggml.token_type",
    "tokenizer.ggml.merges",
    _EOS,
    "tokenizer.chat_template",
)
_OPTIONAL = {
    "bos_token": "tokenizer.ggml.bos_token_id",
    "pad_token": "tokenizer.ggml.padding_token_id",
    "unk_token": "tokenizer.ggml.unknown_token_id",
}
# What Llama 3.1 and 3.2 say in their config.json: a file holds only what follows from it.
_STRETCHED = {"rope_type": "llama3", "low_freq_factor": 1.0, "high_freq_factor": 4.0}
_STRETCHED_FROM, _STRETCHED_BY = 8192, (8.0, 32.0)


def dequantise(source: Path, target: Path) -> None:
    """Writes config.json, generation_config.json, model.safetensors and the tokenizer of `source` into `target`.

    Raises GgufNotTrainable when the file cannot be read, or what came out would not behave like the original.
    """
    logging.disable_progress_bar()
    reader, metadata = _opened(source)
    tokenizer = _tokenizer(source, metadata)
    config = _config(source, reader, metadata["general.architecture"])
    target.mkdir(parents=True, exist_ok=True)
    model, loading = AutoModelForCausalLM.from_pretrained(
        source.parent,
        config=config,
        gguf_file=source.name,
        quantization_config=GgufConfig(dequantize=True),
        dtype=torch.bfloat16,
        output_loading_info=True,
    )
    _refuse_missing(source, model, loading["missing_keys"])
    _check(source, model, tokenizer, metadata)
    model.save_pretrained(target)
    _save_tokenizer(tokenizer, target, metadata, model.config.max_position_embeddings)
    _forget_where_from(target / "config.json")


def _opened(source: Path) -> tuple[gguf.GGUFReader, dict[str, Any]]:
    try:
        reader = gguf.GGUFReader(source)
        fields = reader.fields
        optional = {name: fields[name].contents() for name in (*_OPTIONAL.values(), _BEGINS, _ENDS) if name in fields}
        return reader, {name: fields[name].contents() for name in _METADATA} | optional
    except (OSError, ValueError, KeyError, IndexError) as error:
        raise _unusable(source, f"it is not a readable GGUF chat model ({error})") from error


def _config(source: Path, reader: gguf.GGUFReader, family: str) -> PreTrainedConfig:
    """transformers reads neither how wide a head is nor how positions are stretched."""
    config = AutoConfig.from_pretrained(source.parent, gguf_file=source.name)
    fields = reader.fields
    scaling = fields.get(f"{family}.rope.scaling.type")
    if scaling is not None and scaling.contents() != "none":
        raise _unusable(source, f"its positions are scaled in the way {scaling.contents()}")
    if (width := fields.get(f"{family}.attention.key_length")) is not None:
        config.head_dim = int(width.contents())
    factors = next((tensor.data for tensor in reader.tensors if tensor.name == "rope_freqs.weight"), None)
    if factors is not None:
        config.rope_parameters = _stretching(source, factors, config)
    return config


def _stretching(source: Path, factors: NDArray[np.float32], config: PreTrainedConfig) -> dict[str, Any]:
    width = getattr(config, "head_dim", None) or config.hidden_size // config.num_attention_heads
    known = {**_STRETCHED, **config.rope_parameters, "original_max_position_embeddings": _STRETCHED_FROM}
    known["rope_type"] = _STRETCHED["rope_type"]
    for factor in _STRETCHED_BY:
        rope = {**known, "factor": factor}
        if np.allclose(stretched(rope, width), factors, rtol=1e-4):
            return rope
    raise _unusable(source, "its positions are stretched in a way that is not known")


def _tokenizer(source: Path, metadata: dict[str, Any]) -> Tokenizer:
    """GGUF only names the way text is cut before merging. transformers' importer always takes GPT-2's way, in which
    a number after two spaces gets other tokens than those that some models were trained with. So the tokenizer is
    built here, and a way that is not known is refused.
    """
    ways = (way for way in facts.pre_tokenizers().ways if way.is_read_back)
    way = next((each for each in ways if each.name == metadata["tokenizer.ggml.pre"]), None)
    if metadata["tokenizer.ggml.model"] != "gpt2" or way is None:
        raise _unusable(source, f"its tokenizer is of the unknown kind {metadata['tokenizer.ggml.pre']!r}")
    tokens, kinds = metadata["tokenizer.ggml.tokens"], metadata["tokenizer.ggml.token_type"]
    left_and_right = [tuple(merge.split(" ")) for merge in metadata["tokenizer.ggml.merges"]]
    tokenizer = Tokenizer(_vocabulary(tokens, left_and_right, way.whole_words_first))
    tokenizer.pre_tokenizer = _cutting(way)
    tokenizer.decoder = decoders.ByteLevel()
    added = {kind: [token for token, own in zip(tokens, kinds, strict=True) if own == kind] for kind in _ADDED}
    tokenizer.add_special_tokens([AddedToken(token, special=True, normalized=False) for token in added[_CONTROL]])
    tokenizer.add_tokens([AddedToken(token, special=False, normalized=False) for token in added[_USER_DEFINED]])
    if around := _around_text(metadata, way):
        tokenizer.post_processor = around
    return tokenizer


def _vocabulary(tokens: list[str], merges: list[tuple[str, str]], whole_words_first: bool) -> models.BPE:
    numbered = {token: number for number, token in enumerate(tokens)}
    return models.BPE(vocab=numbered, merges=merges, ignore_merges=whole_words_first)


def _around_text(metadata: dict[str, Any], way: facts.PreTokenizer) -> processors.TemplateProcessing | None:
    """What stands before and after a text, as the file says it."""
    begins, ends = metadata.get(_BEGINS, way.begins_with_bos), metadata.get(_ENDS, False)
    ids = [metadata.get(_OPTIONAL["bos_token"]) if begins else None, metadata[_EOS] if ends else None]
    bos, eos = (None if number is None else metadata["tokenizer.ggml.tokens"][number] for number in ids)
    if bos is None and eos is None:
        return None
    named = [(token, number) for token, number in zip((bos, eos), ids, strict=True) if token is not None]
    return processors.TemplateProcessing(single=[*filter(None, (bos, "$A", eos))], special_tokens=named)


def _cutting(way: facts.PreTokenizer) -> pre_tokenizers.PreTokenizer:
    steps = {
        "Digits": lambda: pre_tokenizers.Digits(individual_digits=True),
        "Split": lambda: pre_tokenizers.Split(Regex(way.pattern), behavior="isolated"),
        "ByteLevel": lambda: pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex="Split" not in way.steps),
    }
    return pre_tokenizers.Sequence([steps[step]() for step in way.steps])


def _save_tokenizer(tokenizer: Tokenizer, target: Path, metadata: dict[str, Any], context_length: int) -> None:
    tokens = metadata["tokenizer.ggml.tokens"]
    wrapped = PreTrainedTokenizerFast(
        tokenizer_object=tokenizer,
        eos_token=tokens[metadata[_EOS]],
        **{ours: tokens[metadata[theirs]] for ours, theirs in _OPTIONAL.items() if theirs in metadata},
        chat_template=metadata["tokenizer.chat_template"],
        model_max_length=context_length,
        clean_up_tokenization_spaces=False,
    )
    wrapped.save_pretrained(target, save_jinja_files=False)


def _forget_where_from(config_file: Path) -> None:
    config = read_json(config_file)
    config.pop("_model_name_or_path", None)
    write_json(config_file, config)


def _check(source: Path, model: Any, tokenizer: Tokenizer, metadata: dict[str, Any]) -> None:
    for token_id, kind in enumerate(metadata["tokenizer.ggml.token_type"]):
        token = metadata["tokenizer.ggml.tokens"][token_id]
        if kind in _ADDED and tokenizer.encode(token, add_special_tokens=False).ids != [token_id]:
            raise _unusable(source, f"its control token {token} is split by the tokenizer")
    if (
        model.config.tie_word_embeddings
        and model.get_output_embeddings().weight is not model.get_input_embeddings().weight
    ):
        raise _unusable(source, "its input and output embeddings came apart")
    if not all(torch.isfinite(weight).all() for weight in model.parameters()):
        raise _unusable(source, "it holds weights that are not numbers")


def _refuse_missing(source: Path, model: Any, missing: set[str]) -> None:
    """What a file lacks would be filled with chance."""
    output = model.get_output_embeddings().weight
    tied = {name for name, weight in model.named_parameters(remove_duplicate=False) if weight is output}
    lacking = sorted(missing - (tied if model.config.tie_word_embeddings else set()))
    if lacking:
        raise _unusable(source, f"it lacks {lacking[0]}")


def _unusable(source: Path, reason: str) -> GgufNotTrainable:
    return GgufNotTrainable(file=source.name, reason=reason)
