"""Decides how a file's bytes are to be read as text: by a person's word, its mark, or its content, and how surely."""

import codecs
import re
from collections.abc import Iterator
from dataclasses import dataclass

from luthier.data.readers.content import Content
from luthier.data.readers.legacy import guess
from luthier.domain.dataset_sources import EncodingUnknown
from luthier.domain.findings import Finding, Level

_SAMPLE_BYTES = 1 << 20
_MARKS = (  # the longer marks first: UTF-32's begins like UTF-16's
    (codecs.BOM_UTF8, "utf-8", "UTF-8 with byte order mark"),
    (codecs.BOM_UTF32_LE, "utf-32-le", "UTF-32"),
    (codecs.BOM_UTF32_BE, "utf-32-be", "UTF-32"),
    (codecs.BOM_UTF16_LE, "utf-16-le", "UTF-16"),
    (codecs.BOM_UTF16_BE, "utf-16-be", "UTF-16"),
)
_WIDE = {"utf-16-le": "UTF-16", "utf-16-be": "UTF-16", "utf-32-le": "UTF-32", "utf-32-be": "UTF-32"}
_SINGLE_BYTES = re.compile(rb"[\x80-\xff]")
_CONTROLS = re.compile(r"[\x00-\x08\x0e-\x1a\x1c-\x1f]")
_ODD_LINES_BYTES = 1 << 14  # of lines with bytes beyond ASCII; more would only make the detection slow


@dataclass(frozen=True, slots=True)
class SourceEncoding:
    codec: str
    shown: str
    mark_bytes: int = 0  # of the byte order mark
    sure: float | None = None  # None: certain; else the file's content was all there was to go by

    @property
    def is_wide(self) -> bool:
        """A line's end is more than one byte."""
        return self.codec in _WIDE

    def assumption(self) -> Finding | None:
        if self.sure is None:
            return None
        return Finding(
            code="dataset.encoding_assumed",
            level=Level.WARNING,
            sentence=f"The file does not say its encoding; it was read as {self.shown} ({100 * self.sure:.0f} % sure).",
            suggestion=f"Look at the texts below. Confirm it with --encoding {self.codec}, or save the file as UTF-8.",
        )


def encoding_of(content: Content, asked: str | None = None) -> SourceEncoding:
    """Raises EncodingUnknown for a name that Python does not know, or that is no encoding of text."""
    sample = content.head(_SAMPLE_BYTES)
    if asked is not None:
        return _asked(asked, sample)
    return _marked(sample) or _wide(sample) or _legacy(sample) or SourceEncoding("utf-8", "UTF-8")


def _asked(name: str, sample: bytes) -> SourceEncoding:
    try:
        found = codecs.lookup(name)
        "a".encode(found.name)
    except (LookupError, ValueError, TypeError):
        raise EncodingUnknown(encoding=name) from None
    marked = _marked(sample)
    if marked is not None and found.name.replace("-sig", "") in (marked.codec, marked.codec[:6]):
        return marked
    codec = {"utf-16": "utf-16-le", "utf-32": "utf-32-le", "utf-8-sig": "utf-8"}.get(found.name, found.name)
    return SourceEncoding(codec, _WIDE.get(codec, name.upper()))


def _marked(sample: bytes) -> SourceEncoding | None:
    for mark, codec, shown in _MARKS:
        if sample.startswith(mark):
            return SourceEncoding(codec, shown, len(mark))
    return None


def _wide(sample: bytes) -> SourceEncoding | None:
    """UTF-16 and UTF-32 without a mark: the zero bytes of ASCII letters stand at every second or fourth place."""
    if 0 not in sample:
        return None
    for codec, shown in sorted(_WIDE.items(), reverse=True):  # UTF-32 first: it also looks like UTF-16
        width = 4 if "32" in codec else 2
        whole = sample[: len(sample) // width * width]
        zeros = [whole[at::width].count(0) for at in range(width)]
        letters = zeros[-1] if codec.endswith("be") else zeros[0]  # the byte that tells letters apart
        others = zeros[:-1] if codec.endswith("be") else zeros[1:]
        units = len(whole) // width
        line_ends = whole.count("\n".encode(codec))
        if line_ends * 2 < whole.count(b"\n"):
            continue  # the zeros stand in some lines only
        if units and letters * 20 <= units and min(others) * 5 >= units and _is_text(whole, codec):
            return SourceEncoding(codec, f"{shown} without a mark", sure=min(1.0, 0.5 + 0.5 * min(others) / units))
    return None


def _is_text(sample: bytes, codec: str) -> bool:
    try:
        text = codecs.getincrementaldecoder(codec)("strict").decode(sample)
    except UnicodeDecodeError:
        return False
    return _CONTROLS.search(text) is None


def _legacy(sample: bytes) -> SourceEncoding | None:
    """An encoding of before Unicode, when the bytes beyond ASCII are many, and hardly any of them makes UTF-8."""
    if sample.isascii() or 0 in sample or _has_utf8(sample):
        return None
    found = guess(b"\n".join(_odd_lines(sample)))
    return SourceEncoding(found.encoding.codec, found.encoding.shown, sure=found.sure) if found else None


def _has_utf8(sample: bytes) -> bool:
    """Enough of it is sound UTF-8 that the rest is a fault, or lines joined from another file."""
    lines = [line for line in sample.split(b"\n") if not line.isascii()]
    if sum(map(_is_utf8, lines)) * 3 >= len(lines):
        return True
    survivors = sample.decode("utf-8", "ignore").encode()
    return len(_SINGLE_BYTES.findall(survivors)) * 2 >= len(_SINGLE_BYTES.findall(sample))


def _is_utf8(line: bytes) -> bool:
    try:
        line.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True


def _odd_lines(sample: bytes) -> Iterator[bytes]:
    taken = 0
    for line in sample.split(b"\n"):
        if not line.isascii():
            yield line[:_ODD_LINES_BYTES]
            taken += len(line)
        if taken >= _ODD_LINES_BYTES:
            return
