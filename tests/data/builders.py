"""Small tokenizer folders and examples for the tests of the data layer."""

import json
from pathlib import Path
from typing import Any

from tokenizers import AddedToken, Tokenizer, decoders, models, pre_tokenizers, processors

from luthier.domain.datasets import Example, Message, Role

CHATML = (
    "{% for message in messages %}"
    "{{ '<|im_start|>' + message['role'] + '\n' + message['content'] + '<|im_end|>' + '\n' }}"
    "{% endfor %}{% if add_generation_prompt %}{{ '<|im_start|>assistant\n' }}{% endif %}"
)
CONTROL = ("<|endoftext|>", "<|im_start|>", "<|im_end|>", "<s>")


def a_folder(
    folder: Path,
    *,
    template: str | None = CHATML,
    control: tuple[str, ...] = CONTROL,
    merges: tuple[tuple[str, str], ...] = (),
    adds_bos: str | None = None,
    generation_eos: int | list[int] | None = None,
    **named: str,
) -> Path:
    """A byte-level tokenizer whose every byte is a token, plus `control` tokens and `merges`."""
    folder.mkdir(parents=True, exist_ok=True)
    alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
    pieces = [*alphabet, *("".join(merge) for merge in merges)]
    tokenizer = Tokenizer(models.BPE(vocab={piece: at for at, piece in enumerate(pieces)}, merges=list(merges)))
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)
    tokenizer.decoder = decoders.ByteLevel()
    tokenizer.add_special_tokens([AddedToken(token, special=True, normalized=False) for token in control])
    if adds_bos is not None:
        tokenizer.post_processor = processors.TemplateProcessing(
            single=f"{adds_bos} $A", special_tokens=[(adds_bos, tokenizer.token_to_id(adds_bos))]
        )
    tokenizer.save(str(folder / "tokenizer.json"))
    config: dict[str, Any] = {"eos_token": "<|im_end|>", "pad_token": "<|endoftext|>", **named}
    if template is not None:
        config["chat_template"] = template
    (folder / "tokenizer_config.json").write_text(json.dumps(config), encoding="utf-8")
    eos = tokenizer.token_to_id(config["eos_token"]) if generation_eos is None else generation_eos
    (folder / "generation_config.json").write_text(json.dumps({"eos_token_id": eos}), encoding="utf-8")
    return folder


def a_chat(*turns: str, row: int = 1, system: str | None = None, **fields: Any) -> Example:
    """User and assistant in turn, beginning with the user."""
    roles = (Role.USER, Role.ASSISTANT)
    messages = [Message(roles[at % 2], text) for at, text in enumerate(turns)]
    if system is not None:
        messages.insert(0, Message(Role.SYSTEM, system))
    return Example(row, messages=tuple(messages), **fields)


def learned(text_of: Any, rendered: Any) -> list[str]:
    """The stretches of text that a rendered example teaches; `text_of` decodes ids."""
    stretches: list[list[int]] = []
    before = False
    for token, supervised in zip(rendered.ids, rendered.supervised, strict=True):
        if supervised:
            if not before:
                stretches.append([])
            stretches[-1].append(token)
        before = supervised
    return [text_of(stretch, control_tokens=True) for stretch in stretches]
