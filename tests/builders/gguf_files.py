"""GGUF files of a few kilobytes, laid out as llama.cpp's converter lays out a Llama."""

from pathlib import Path
from typing import Any

import gguf
import numpy as np
from tokenizers import pre_tokenizers

from tests.builders.models import CHATML, TURN_END, TURN_START

SPECIALS = ("<|endoftext|>", TURN_START, TURN_END)
WIDTH, INNER, HEADS, KV_HEADS, LAYERS = 32, 64, 4, 2, 2


def a_gguf_file(path: Path, **changes: Any) -> dict[str, np.ndarray]:
    """Writes it and returns the weights as transformers would name them. A change to None leaves the field out; `lacks`
    is a weight that is not written.
    """
    tokens = all_tokens()
    weights = _weights(len(tokens))
    writer = gguf.GGUFWriter(path, "llama")
    writer.add_context_length(512)
    writer.add_block_count(LAYERS)
    writer.add_embedding_length(WIDTH)
    writer.add_feed_forward_length(INNER)
    writer.add_head_count(HEADS)
    writer.add_head_count_kv(KV_HEADS)
    writer.add_layer_norm_rms_eps(1e-5)
    writer.add_rope_freq_base(10_000.0)
    writer.add_rope_dimension_count(WIDTH // HEADS)
    writer.add_vocab_size(len(tokens))
    _add_tokenizer(writer, tokens, changes)
    for name, weight in weights.items():
        if name != changes.get("lacks"):
            writer.add_tensor(_gguf_name(name), _as_converted(name, weight))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return weights


def all_tokens() -> list[str]:
    """The control tokens, every byte, and two spaces in one."""
    return [*SPECIALS, *sorted(pre_tokenizers.ByteLevel.alphabet()), "\u0120\u0120"]


def _add_tokenizer(writer: gguf.GGUFWriter, tokens: list[str], changes: dict[str, Any]) -> None:
    kinds = [3 if token in SPECIALS else 1 for token in tokens]
    fields = {
        "model": (writer.add_tokenizer_model, "gpt2"),
        "pre": (writer.add_tokenizer_pre, "smollm"),
        "tokens": (writer.add_token_list, tokens),
        "kinds": (writer.add_token_types, kinds),
        "merges": (writer.add_token_merges, ["\u0120 \u0120"]),
        "bos": (writer.add_bos_token_id, 1),
        "eos": (writer.add_eos_token_id, 2),
        "pad": (writer.add_pad_token_id, 2),
        "unknown": (writer.add_unk_token_id, 0),
        "template": (writer.add_chat_template, CHATML),
        "begins": (writer.add_add_bos_token, None),
    }
    for name, (add, value) in fields.items():
        wanted = changes.get(name, value)
        if wanted is not None:
            add(wanted)


def _weights(vocabulary: int) -> dict[str, np.ndarray]:
    chance = np.random.default_rng(5)
    key_width = WIDTH // HEADS * KV_HEADS
    shapes = {"model.embed_tokens.weight": (vocabulary, WIDTH), "model.norm.weight": (WIDTH,)}
    for layer in range(LAYERS):
        of_layer = {
            "self_attn.q_proj": (WIDTH, WIDTH),
            "self_attn.k_proj": (key_width, WIDTH),
            "self_attn.v_proj": (key_width, WIDTH),
            "self_attn.o_proj": (WIDTH, WIDTH),
            "mlp.gate_proj": (INNER, WIDTH),
            "mlp.up_proj": (INNER, WIDTH),
            "mlp.down_proj": (WIDTH, INNER),
            "input_layernorm": (WIDTH,),
            "post_attention_layernorm": (WIDTH,),
        }
        shapes |= {f"model.layers.{layer}.{name}.weight": shape for name, shape in of_layer.items()}
    return {name: chance.normal(size=shape).astype(np.float32) for name, shape in shapes.items()}


def _gguf_name(name: str) -> str:
    for ours, theirs in {
        "model.embed_tokens": "token_embd",
        "model.norm": "output_norm",
        "model.layers.": "blk.",
        "self_attn.q_proj": "attn_q",
        "self_attn.k_proj": "attn_k",
        "self_attn.v_proj": "attn_v",
        "self_attn.o_proj": "attn_output",
        "mlp.gate_proj": "ffn_gate",
        "mlp.up_proj": "ffn_up",
        "mlp.down_proj": "ffn_down",
        "input_layernorm": "attn_norm",
        "post_attention_layernorm": "ffn_norm",
    }.items():
        name = name.replace(ours, theirs)
    return name


def _as_converted(name: str, weight: np.ndarray) -> np.ndarray:
    """llama.cpp rotates neighbouring dimensions, transformers halves: the rows of Q and K are laid out for that."""
    heads = {"q_proj": HEADS, "k_proj": KV_HEADS}.get(name.split(".")[-2])
    if heads is None:
        return weight
    return weight.reshape(heads, 2, -1, weight.shape[1]).swapaxes(1, 2).reshape(weight.shape)
