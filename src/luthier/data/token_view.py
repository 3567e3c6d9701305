"""A row as the model sees it: token by token, which of them carry loss, and which control the conversation."""

from collections.abc import Sequence

from luthier.data.encode import EncodedSet
from luthier.data.render import Renderer
from luthier.domain.preflight import ShownRow, TokenKind, TokenSpan

MOST_TOKENS = 400  # of one shown row: about a screen and a half


def show_row(encoded: EncodedSet, index: int, renderer: Renderer) -> ShownRow:
    ids = [int(each) for each in encoded.ids_of(index)]
    supervised = [bool(each) for each in encoded.supervised_of(index)]
    return ShownRow(
        row=int(encoded.rows[index]),
        tokens=tuple(token_spans(ids[:MOST_TOKENS], supervised[:MOST_TOKENS], renderer)),
        more_tokens=max(0, len(ids) - MOST_TOKENS),
    )


def token_spans(ids: Sequence[int], supervised: Sequence[bool], renderer: Renderer) -> list[TokenSpan]:
    texts = _texts(ids, renderer)
    return [
        TokenSpan(id=token, text=text, supervised=trained, kind=_kind(token, at, renderer))
        for at, (token, text, trained) in enumerate(zip(ids, texts, supervised, strict=True))
    ]


def shown_text(token: TokenSpan) -> str:
    """What a page may show: line breaks and tabs made visible, other control characters spelled out."""
    text = token.text.replace("\n", "⏎\n").replace("\t", "⇥\t")
    return "".join(each if each in "\n\t" or each.isprintable() else f"\\u{ord(each):04x}" for each in text)


def _texts(ids: Sequence[int], renderer: Renderer) -> list[str]:
    """Each token's text is what it adds to the one before it: alone, many decoders would drop its blank."""
    texts = []
    for at, token in enumerate(ids):
        alone = renderer.decode([token], control_tokens=True)
        if at == 0:
            texts.append(alone)
            continue
        before = renderer.decode([ids[at - 1]], control_tokens=True)
        both = renderer.decode([ids[at - 1], token], control_tokens=True)
        texts.append(both[len(before) :] if both.startswith(before) and len(both) > len(before) else alone)
    return texts


def _kind(token: int, at: int, renderer: Renderer) -> TokenKind:
    if token == renderer.bos_id and at == 0:
        return "bos"
    if token in renderer.stop_ids:
        return "eos"
    if token == renderer.pad_id:
        return "pad"
    return "control" if token in renderer.files.added_tokens else "none"
