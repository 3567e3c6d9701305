"""Base models small enough to be made in a second: random decoders with a byte-level tokenizer and ChatML."""

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


FAMILIES: dict[str, dict[str, Any]] = {  # what each has that the others have not
    "llama": {},
    "mistral": {"sliding_window": 12, "head_dim": 8},
    "qwen2": {},
    "qwen3": {"head_dim": 8},
    "gemma2": {"head_dim": 8, "sliding_window": 12, "query_pre_attn_scalar": 8},
    "gemma3_text": {"head_dim": 8, "sliding_window": 12, "query_pre_attn_scalar": 8},
    "phi3": {"pad_token_id": 0, "partial_rotary_factor": 1.0},
    "smollm3": {"no_rope_layers": [1, 0], "pad_token_id": 0},
}


def a_model_folder(folder: Path, seed: int = 0, family: str = "llama", **changes: Any) -> Path:
    """Two layers, 32 wide; `changes` go into its configuration."""
    import torch
    from transformers import AutoConfig, AutoModelForCausalLM

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
    config = AutoConfig.for_model(family, **{**shape, **FAMILIES[family], **changes})
    AutoModelForCausalLM.from_config(config).to(torch.bfloat16).save_pretrained(folder)
    return folder


def a_model_that_repeats(folder: Path, letter: str, **changes: Any) -> Path:
    """A model that answers everything with one letter again and again, until there is no room left."""
    import torch
    from transformers import AutoModelForCausalLM

    a_model_folder(folder, tie_word_embeddings=False, **changes)
    model = AutoModelForCausalLM.from_pretrained(folder)
    with torch.no_grad():
        for layer in model.model.layers:
            layer.self_attn.o_proj.weight.zero_()
            layer.mlp.down_proj.weight.zero_()
        model.model.embed_tokens.weight.fill_(1)
        model.lm_head.weight.zero_()
        model.lm_head.weight[Tokenizer.from_file(str(folder / "tokenizer.json")).token_to_id(letter)] = 1
    model.save_pretrained(folder)
    return folder
