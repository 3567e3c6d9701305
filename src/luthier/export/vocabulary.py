"""What llama.cpp is told of a model's tokens: texts, kinds, merges, way of cutting, control tokens, chat template."""

from pathlib import Path
from typing import Any

from luthier.data.tokenizer_files import TokenizerFiles, load_tokenizer_files
from luthier.domain.exports import ExportUnsupported
from luthier.export.facts import pre_tokenizers
from luthier.export.gguf_file import Value
from luthier.kit.files import read_json

_NORMAL, _UNKNOWN, _CONTROL, _USER_DEFINED, _UNUSED, _BYTE = 1, 2, 3, 4, 5, 6  # of llama_token_type
_NAMES = {"bos": "bos", "eos": "eos", "unk": "unknown", "sep": "seperator", "pad": "padding", "mask": "mask"}
_SPACE = "\u2581"


def vocabulary(folder: Path, size: int, turn_end_id: int | None) -> dict[str, Value]:
    """`size` is how many rows the embedding has; `turn_end_id` is the token that ends an answer.

    Raises ExportUnsupported for a kind of tokenizer, or a way of cutting text, that llama.cpp has no name for.
    """
    files = load_tokenizer_files(folder)
    document = read_json(folder / "tokenizer.json")
    model = document["model"]
    if model.get("type") != "BPE":
        raise ExportUnsupported(what=f"its tokenizer is of the kind {model.get('type')}")
    tokens, kinds = _tokens(document, size)
    own = _by_bytes(document, tokens, kinds) if not model.get("byte_fallback") else _by_pieces(document, tokens, kinds)
    told = {f"ggml.{key}": value for key, value in {**own, **_control(files, turn_end_id)}.items()}
    if files.template is not None:
        told["chat_template"] = Value("string", files.template)
    return {f"tokenizer.{key}": value for key, value in told.items()}


def _tokens(document: dict[str, Any], size: int) -> tuple[list[str], list[int]]:
    """A row of the embedding that no text leads to gets a name of its own."""
    tokens = [f"[PAD{at}]" for at in range(size)]
    kinds = [_UNUSED] * size
    unknown = document["model"].get("unk_token")
    for token, at in document["model"]["vocab"].items():
        tokens[at], kinds[at] = token, _UNKNOWN if token == unknown else _NORMAL
    for added in document.get("added_tokens", ()):
        at, text = added["id"], added["content"]
        if at >= size:
            raise ExportUnsupported(what=f"its token {text} has no row in the embedding")
        is_control = added["special"] or (text.startswith("<|") and text.endswith("|>"))
        tokens[at], kinds[at] = text, _CONTROL if is_control else _USER_DEFINED
    return tokens, kinds


def _by_bytes(document: dict[str, Any], tokens: list[str], kinds: list[int]) -> dict[str, Value]:
    """As GPT-2's: merges decide, on bytes written as letters."""
    kinds = [_NORMAL if kind == _UNKNOWN else kind for kind in kinds]
    return {
        "model": Value("string", "gpt2"),
        "pre": Value("string", _way_of_cutting(document)),
        "tokens": Value("string", tokens),
        "token_type": Value("i32", kinds),
        "merges": Value("string", [" ".join(pair) for pair in _merges(document)]),
    }


def _by_pieces(document: dict[str, Any], tokens: list[str], kinds: list[int]) -> dict[str, Value]:
    """As SentencePiece's: of two neighbours that make a token, those with the highest score are joined first."""
    kinds = [_BYTE if kind == _NORMAL and _is_byte(token) else kind for token, kind in zip(tokens, kinds, strict=True)]
    ranks: dict[str, int] = {}
    for left, right in _merges(document):
        ranks.setdefault(left + right, len(ranks))
    scores = [
        -float(ranks[token]) if token in ranks else _unmerged(kind, len(ranks))
        for token, kind in zip(tokens, kinds, strict=True)
    ]
    return {
        "model": Value("string", "llama"),
        "pre": Value("string", "default"),
        "tokens": Value("string", tokens),
        "scores": Value("f32", scores),
        "token_type": Value("i32", kinds),
        "add_space_prefix": Value("bool", _begins_with_space(document)),
    }


def _unmerged(kind: int, merges: int) -> float:
    """Single characters are never the result of joining; what is no text must not win against any that is."""
    return -float(merges + 1) if kind == _NORMAL else 0.0 if kind in (_BYTE, _UNKNOWN) else -1000.0


def _is_byte(token: str) -> bool:
    return len(token) == 6 and token.startswith("<0x") and token.endswith(">")


def _merges(document: dict[str, Any]) -> list[tuple[str, str]]:
    pairs = (merge.split(" ", 1) if isinstance(merge, str) else merge for merge in document["model"]["merges"])
    return [(left, right) for left, right in pairs]


def _way_of_cutting(document: dict[str, Any]) -> str:
    cutting = document.get("pre_tokenizer") or {}
    steps = cutting.get("pretokenizers", [cutting])
    names = tuple(step.get("type") for step in steps)
    pattern = next((step["pattern"].get("Regex", "") for step in steps if step.get("type") == "Split"), "")
    whole_words_first = bool(document["model"].get("ignore_merges"))
    for way in pre_tokenizers().ways:
        if (way.steps, way.pattern, way.whole_words_first) == (names, pattern, whole_words_first):
            return way.name
    raise ExportUnsupported(
        what=f"its tokenizer cuts text in a way that llama.cpp has no name for ({' and '.join(map(str, names))})"
    )


def _begins_with_space(document: dict[str, Any]) -> bool:
    """Whether a text is read as if a space stood before it."""
    normalizer, cutting = document.get("normalizer") or {}, document.get("pre_tokenizer") or {}
    steps = [*normalizer.get("normalizers", [normalizer]), *cutting.get("pretokenizers", [cutting])]
    return any(
        (step.get("type") == "Prepend" and step.get("prepend") == _SPACE)
        or (step.get("type") == "Metaspace" and step.get("prepend_scheme", "always") != "never")
        for step in steps
    )


def _control(files: TokenizerFiles, turn_end_id: int | None) -> dict[str, Value]:
    ids = {name: files.id_of(f"{ours}_token") for ours, name in _NAMES.items()}
    told = {f"{name}_token_id": Value("u32", number) for name, number in ids.items() if number is not None}
    if turn_end_id is not None and turn_end_id != ids["eos"]:
        told["eot_token_id"] = Value("u32", turn_end_id)
    told["add_bos_token"] = Value("bool", ids["bos"] is not None and ids["bos"] in files.added_before)
    told["add_eos_token"] = Value("bool", ids["eos"] is not None and ids["eos"] in files.added_after)
    return told
