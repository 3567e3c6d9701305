"""Base models small enough to be made in a second: random Llamas with a byte-level tokenizer and a ChatML template."""

import json
from pathlib import Path
from typing import Any

from tokenizers import Tokenizer, decoders, models, pre_tokenizers

TURN_START, TURN_END = "<|im_start|>", "<|im_end|>"
CHATML = (
    "{% for message in messages %}"
    "{{ '<|im_start|>' + message['role'] + '\\n' + message['content'] + '<|im_end|>' + '\\n' }}"
    "{% endfor %}"
    "{% if add_generation_prompt %}{{ '<|im_start|>assistant\\n' }}{% endif %}"
)


def a_tokenizer_folder(folder: Path, template: str = CHATML) -> Path:
    """Every byte is a token, and the two control tokens of ChatML are one each."""
    folder.mkdir(parents=True, exist_ok=True)
    letters = sorted(pre_tokenizers.ByteLevel.alphabet())
    vocabulary = {letter: number for number, letter in enumerate(letters)}
    tokenizer = Tokenizer(models.BPE(vocab=vocabulary, merges=[]))
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    tokenizer.add_special_tokens([TURN_START, TURN_END])
    tokenizer.save(str(folder / "tokenizer.json"))
    config = {
        "tokenizer_class": "PreTrainedTokenizerFast",
        "bos_token": TURN_START,
        "eos_token": TURN_END,
        "pad_token": TURN_END,
        "chat_template": template,
    }
    (folder / "tokenizer_config.json").write_text(json.dumps(config), encoding="utf-8")
    return folder


def a_model_folder(folder: Path, seed: int = 0, **changes: Any) -> Path:
    """A Llama with two layers, 32 wide; `changes` go into its LlamaConfig."""
    import torch
    from transformers import LlamaConfig, LlamaForCausalLM

    a_tokenizer_folder(folder)
    torch.manual_seed(seed)
    end = Tokenizer.from_file(str(folder / "tokenizer.json")).token_to_id(TURN_END)
    shape = {
        "vocab_size": 258,
        "hidden_size": 32,
        "intermediate_size": 64,
        "num_hidden_layers": 2,
        "num_attention_heads": 4,
        "num_key_value_heads": 2,
        "max_position_embeddings": 1024,
        "tie_word_embeddings": True,
        "bos_token_id": end - 1,
        "eos_token_id": end,
        "initializer_range": 0.3,  # with the usual 0.02 and so little width there would be nothing to adapt
    }
    model = LlamaForCausalLM(LlamaConfig(**{**shape, **changes})).to(torch.bfloat16)
    model.save_pretrained(folder)
    return folder
