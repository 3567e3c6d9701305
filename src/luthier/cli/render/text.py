"""Text from files and models made safe for a terminal: what could steer it, or reorder letters, is shown instead."""

from rich.text import Text

_REPLACEMENT = "\ufffd"
_REORDERING = "\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\ufeff"
_PICTURES = {code: chr(0x2400 + code) for code in range(0x20) if chr(code) not in "\n\t"} | {0x7F: "\u2421"}
_TABLE = (
    dict.fromkeys((*range(128, 160), *range(55296, 57344)), _REPLACEMENT)
    | {ord(mark): _REPLACEMENT for mark in _REORDERING}
    | _PICTURES
)


def visible(text: str) -> str:
    """Escape sequences, control characters and marks that reorder text become visible symbols; lines stay lines."""
    return text.replace("\r\n", "\n").translate(_TABLE)


def one_line(text: str, longest: int = 400) -> str:
    """The beginning of a text, its line ends shown as \u23ce."""
    flat = visible(text.strip()).replace("\n", "\u23ce").replace("\t", " ")
    return flat if len(flat) <= longest else f"{flat[: longest - 1]}…"


def plain(text: str, style: str = "") -> Text:
    return Text(visible(text), style=style)


def soft(text: str) -> Text:
    return plain(text, "soft")


def heading(text: str) -> Text:
    return Text.assemble("\n", (visible(text), "head"))


def count_of(number: int, noun: str, plural: str | None = None) -> str:
    """E.g. `1 row`, `3 rows`, `2 files`."""
    return f"{number} {noun if number == 1 else plural or noun + 's'}"
