"""What a model's folder says about its tokens: vocabulary, control tokens, chat template, and where generation ends."""

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from tokenizers import Tokenizer

from luthier.domain.model_comparisons import TokenizerFacts
from luthier.domain.models import FolderIsNoModel
from luthier.kit.files import read_json, sha256_of

_NAMED_TOKENS = ("bos_token", "eos_token", "unk_token", "sep_token", "pad_token", "cls_token", "mask_token")


@dataclass(frozen=True)
class TokenizerFiles:
    folder: Path
    tokenizer: Tokenizer  # never adds anything by itself
    added_before: tuple[int, ...]  # what the tokenizer's own rule puts before plain text, e.g. BOS
    added_after: tuple[int, ...]
    named_tokens: dict[str, str]  # "eos_token" -> "<|im_end|>"; given to the chat template
    template: str | None
    other_template: str | None  # of tokenizer_config.json, when a file of its own wins over it
    end_ids: tuple[int, ...]  # of generation_config.json and config.json

    def id_of(self, name: str) -> int | None:
        token = self.named_tokens.get(name)
        return None if token is None else self.tokenizer.token_to_id(token)

    @cached_property
    def special_ids(self) -> frozenset[int]:
        return frozenset(
            token_id for token_id, token in self.tokenizer.get_added_tokens_decoder().items() if token.special
        )

    @cached_property
    def added_tokens(self) -> dict[int, str]:
        """Tokens that are matched whole, whatever stands around them."""
        return {token_id: token.content for token_id, token in self.tokenizer.get_added_tokens_decoder().items()}

    @cached_property
    def closing_tokens(self) -> tuple[str, ...]:
        """The added tokens that end where they are written, whatever follows: text can be cut after them."""
        tokens = self.tokenizer.get_added_tokens_decoder().values()
        return tuple(token.content for token in tokens if not token.rstrip and not token.single_word)


def load_tokenizer_files(folder: Path) -> TokenizerFiles:
    """Reads tokenizer.json and what stands beside it; raises FolderIsNoModel when that cannot be used."""
    path = folder / "tokenizer.json"
    if not path.is_file():
        raise FolderIsNoModel(folder=folder, reason="it holds no tokenizer.json")
    try:
        tokenizer = Tokenizer.from_file(str(path))
    except Exception as error:  # the binding raises bare Exception for every defect of the file
        raise FolderIsNoModel(folder=folder, reason="its tokenizer.json is damaged", details=str(error)) from error
    tokenizer.no_truncation()
    tokenizer.no_padding()
    before, after = _added_around_text(tokenizer)
    # Control tokens are written by the template or by us; a second source of them doubles the BOS.
    tokenizer.post_processor = None
    config = _read_mapping(folder, "tokenizer_config.json")
    return TokenizerFiles(
        folder=folder,
        tokenizer=tokenizer,
        added_before=before,
        added_after=after,
        named_tokens=_named_tokens(folder, config),
        template=_template(folder, config),
        other_template=_named_template(config.get("chat_template")),
        end_ids=_end_ids(folder),
    )


def tokenizer_facts(folder: Path) -> TokenizerFacts:
    """Without loading the tokenizer: its file is only read. Raises FolderIsNoModel."""
    path = folder / "tokenizer.json"
    if not path.is_file():
        raise FolderIsNoModel(folder=folder, reason="it holds no tokenizer.json")
    document = _read_mapping(folder, path.name)
    model = document.get("model") or {}
    vocabulary = model.get("vocab") or {}
    known = set(vocabulary) if isinstance(vocabulary, dict) else {entry[0] for entry in vocabulary}
    known |= {str(token.get("content")) for token in document.get("added_tokens") or ()}
    return TokenizerFacts(
        kind=str(model.get("type", "")),
        tokens=len(known),
        has_template=_template(folder, _read_mapping(folder, "tokenizer_config.json")) is not None,
        sha256=sha256_of(path),
    )


def _added_around_text(tokenizer: Tokenizer) -> tuple[tuple[int, ...], tuple[int, ...]]:
    bare = tokenizer.encode("a", add_special_tokens=False).ids
    full = tokenizer.encode("a", add_special_tokens=True).ids
    first = next((at for at in range(len(full) - len(bare) + 1) if full[at : at + len(bare)] == bare), None)
    if first is None:
        return (), ()
    return tuple(full[:first]), tuple(full[first + len(bare) :])


def _named_tokens(folder: Path, config: dict[str, Any]) -> dict[str, str]:
    sources = {**_read_mapping(folder, "special_tokens_map.json"), **config}
    tokens = {}
    for name in _NAMED_TOKENS:
        value = sources.get(name)
        content = value.get("content") if isinstance(value, dict) else value
        if isinstance(content, str) and content:
            tokens[name] = content
    return tokens


def _template(folder: Path, config: dict[str, Any]) -> str | None:
    """The newest place wins: chat_template.jinja, then chat_template.json, then tokenizer_config.json."""
    path = folder / "chat_template.jinja"
    if path.is_file():
        return path.read_text(encoding="utf-8")
    return _named_template(
        _read_mapping(folder, "chat_template.json").get("chat_template", config.get("chat_template"))
    )


def _named_template(value: Any) -> str | None:
    """One template, or the default one of a list of named templates."""
    if isinstance(value, list):
        named = {item["name"]: item["template"] for item in value if isinstance(item, dict)}
        value = named.get("default") or next(iter(named.values()), None)
    return value if isinstance(value, str) and value else None


def _end_ids(folder: Path) -> tuple[int, ...]:
    ids: list[int] = []
    for name in ("generation_config.json", "config.json"):
        value = _read_mapping(folder, name).get("eos_token_id")
        ids += [value] if isinstance(value, int) else [each for each in value or () if isinstance(each, int)]
    return tuple(dict.fromkeys(ids))


def _read_mapping(folder: Path, name: str) -> dict[str, Any]:
    path = folder / name
    if not path.is_file():
        return {}
    try:
        document = read_json(path)
    except ValueError as error:
        raise FolderIsNoModel(folder=folder, reason=f"its {name} is damaged", details=str(error)) from error
    if not isinstance(document, dict):
        raise FolderIsNoModel(folder=folder, reason=f"its {name} does not hold an object")
    return document
