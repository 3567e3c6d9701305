"""Turns a quantised GGUF file into an ordinary model folder, once: bf16 safetensors and the exact tokenizer."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import gguf
import torch
from tokenizers import AddedToken, Tokenizer, decoders, models, pre_tokenizers
from transformers import AutoModelForCausalLM, GgufConfig, PreTrainedTokenizerFast
from transformers.utils import logging

from luthier.domain.models import ModelDamaged
from luthier.kit.files import read_json, write_json

_CONTROL_TOKEN = 3  # a value of tokenizer.ggml.token_type: never split, never part of text
_METADATA = (
    "tokenizer.ggml.model",
    "tokenizer.ggml.pre",
    "tokenizer.ggml.tokens",
    "tokenizer.ggml.token_type",
    "tokenizer.ggml.merges",
    "tokenizer.ggml.bos_token_id",
    "tokenizer.ggml.eos_token_id",
    "tokenizer.ggml.padding_token_id",
    "tokenizer.ggml.unknown_token_id",
    "tokenizer.chat_template",
)

# GGUF only names the way text is cut before merging (llama.cpp, llama-vocab.cpp: LLAMA_VOCAB_PRE_TYPE_SMOLLM).
# transformers' importer always takes GPT-2's way; without the digit rule a number after two spaces gets other tokens
# than those that the model was trained with. So the tokenizer is built here, and an unknown way is refused.
_CUTTING: dict[str, Callable[[], pre_tokenizers.PreTokenizer]] = {
    "smollm": lambda: pre_tokenizers.Sequence(
        [pre_tokenizers.Digits(individual_digits=True), pre_tokenizers.ByteLevel(add_prefix_space=False)]
    ),
}


def dequantise(source: Path, target: Path) -> None:
    """Writes config.json, generation_config.json, model.safetensors and the tokenizer of `source` into `target`.

    Raises ModelDamaged when the file cannot be read, or what came out would not behave like the original.
    """
    logging.disable_progress_bar()
    metadata = _metadata(source)
    tokenizer = _tokenizer(source, metadata)
    target.mkdir(parents=True, exist_ok=True)
    model = AutoModelForCausalLM.from_pretrained(
        source.parent,
        gguf_file=source.name,
        quantization_config=GgufConfig(dequantize=True),
        dtype=torch.bfloat16,
    )
    _check(source, model, tokenizer, metadata)
    model.save_pretrained(target)
    _save_tokenizer(tokenizer, target, metadata, model.config.max_position_embeddings)
    _forget_where_from(target / "config.json")


def _metadata(source: Path) -> dict[str, Any]:
    try:
        fields = gguf.GGUFReader(source).fields
        return {name: fields[name].contents() for name in _METADATA}
    except (OSError, ValueError, KeyError, IndexError) as error:
        raise _damaged(source, f"it is not a readable GGUF chat model ({error})") from error


def _tokenizer(source: Path, metadata: dict[str, Any]) -> Tokenizer:
    cutting = _CUTTING.get(metadata["tokenizer.ggml.pre"])
    if metadata["tokenizer.ggml.model"] != "gpt2" or cutting is None:
        raise _damaged(source, f"its tokenizer is of the unknown kind {metadata['tokenizer.ggml.pre']!r}")
    tokens, kinds = metadata["tokenizer.ggml.tokens"], metadata["tokenizer.ggml.token_type"]
    left_and_right = [tuple(merge.split(" ")) for merge in metadata["tokenizer.ggml.merges"]]
    tokenizer = Tokenizer(models.BPE(vocab={token: id for id, token in enumerate(tokens)}, merges=left_and_right))
    tokenizer.pre_tokenizer = cutting()
    tokenizer.decoder = decoders.ByteLevel()
    tokenizer.add_special_tokens(
        [
            AddedToken(token, special=True, normalized=False)
            for token, kind in zip(tokens, kinds, strict=True)
            if kind == _CONTROL_TOKEN
        ]
    )
    return tokenizer


def _save_tokenizer(tokenizer: Tokenizer, target: Path, metadata: dict[str, Any], context_length: int) -> None:
    tokens = metadata["tokenizer.ggml.tokens"]
    wrapped = PreTrainedTokenizerFast(
        tokenizer_object=tokenizer,
        bos_token=tokens[metadata["tokenizer.ggml.bos_token_id"]],
        eos_token=tokens[metadata["tokenizer.ggml.eos_token_id"]],
        pad_token=tokens[metadata["tokenizer.ggml.padding_token_id"]],
        unk_token=tokens[metadata["tokenizer.ggml.unknown_token_id"]],
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
        if kind == _CONTROL_TOKEN and tokenizer.encode(token, add_special_tokens=False).ids != [token_id]:
            raise _damaged(source, f"its control token {token} is split by the tokenizer")
    if (
        model.config.tie_word_embeddings
        and model.get_output_embeddings().weight is not model.get_input_embeddings().weight
    ):
        raise _damaged(source, "its input and output embeddings came apart")
    if not all(torch.isfinite(weight).all() for weight in model.parameters()):
        raise _damaged(source, "it holds weights that are not numbers")


def _damaged(source: Path, reason: str) -> ModelDamaged:
    return ModelDamaged(folder=source, reason=reason, name="starter")
