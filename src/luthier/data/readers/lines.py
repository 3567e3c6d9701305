"""A file's text in lines or pieces, with a located fault where its bytes are not what its encoding allows."""

import codecs
from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO

from luthier.data.readers.content import Content
from luthier.data.readers.encodings import SourceEncoding
from luthier.data.readers.rows import LARGEST_ROW_BYTES, SourceFault, error_at
from luthier.domain.findings import Finding

_CHUNK = 1 << 20
CP1252 = "read_as_cp1252"


@dataclass(frozen=True, slots=True)
class Line:
    number: int
    byte: int | None  # where it begins; None when characters cannot be counted back to bytes
    text: str
    fault: Finding | None = None  # then `text` is empty
    mended: tuple[str, ...] = ()


def decoded_chunks(content: Content, encoding: SourceEncoding) -> Iterator[str]:
    """The text in pieces; raises SourceFault at the first byte that the encoding does not allow."""
    decoder = codecs.getincrementaldecoder(encoding.codec)("strict")
    lines = 1
    position = encoding.mark_bytes
    with content.open() as stream:
        stream.read(encoding.mark_bytes)
        while True:
            chunk = stream.read(_CHUNK)
            held = len(decoder.getstate()[0])
            try:
                text = decoder.decode(chunk, final=not chunk)
            except UnicodeDecodeError as error:
                good = error.object[: error.start].decode(encoding.codec, "ignore")
                if good:
                    yield good
                byte = position - held + error.start
                raise SourceFault(_encoding_fault(encoding, lines + good.count("\n"), byte, error)) from error
            if text:
                yield text
                lines += text.count("\n")
            position += len(chunk)
            if not chunk:
                return


def decoded_lines(content: Content, encoding: SourceEncoding, fixes: frozenset[str] = frozenset()) -> Iterator[Line]:
    """Lines end with \\n only (or \\r, where a file has no other): JSON may hold U+2028 and its kin as they are.

    A line with a fault is passed over and the rest is still read, but in UTF-16 and UTF-32, where nothing after a
    fault is certain.
    """
    if encoding.is_wide:
        yield from _lines_of_text(decoded_chunks(content, encoding))
        return
    separator = _separator(content, encoding)
    with content.open() as stream:
        stream.read(encoding.mark_bytes)
        byte = encoding.mark_bytes
        for number, (line, size) in enumerate(_byte_lines(stream, separator), start=1):
            yield _decoded_line(Line(number, byte, ""), line, encoding, fixes)
            byte += size


def _separator(content: Content, encoding: SourceEncoding) -> bytes:
    head = content.head(_CHUNK)[encoding.mark_bytes :]
    return b"\r" if b"\r" in head and b"\n" not in head else b"\n"


def _byte_lines(stream: BinaryIO, separator: bytes) -> Iterator[tuple[bytes | None, int]]:
    """Each line without its end, or None when it is too large to hold, and its size in the file."""
    rest = bytearray()
    dropped = 0
    while chunk := stream.read(_CHUNK):
        first, *others = chunk.split(separator)
        rest += first
        for following in others:
            yield (None if dropped else bytes(rest)), dropped + len(rest) + 1
            rest = bytearray(following)
            dropped = 0
        if len(rest) > LARGEST_ROW_BYTES:
            dropped += len(rest)
            rest.clear()
    if rest or dropped:
        yield (None if dropped else bytes(rest)), dropped + len(rest)


def _decoded_line(at: Line, line: bytes | None, encoding: SourceEncoding, fixes: frozenset[str]) -> Line:
    number, byte = at.number, at.byte or 0
    if line is None:
        sentence = f"The line has more than {LARGEST_ROW_BYTES >> 20} MiB and was passed over."
        return Line(number, byte, "", error_at("row_too_large", sentence, line=number, byte=byte))
    try:
        text = line.decode(encoding.codec).removesuffix("\r")
        return Line(number, byte if encoding.codec == "utf-8" else None, text)
    except UnicodeDecodeError as error:
        if CP1252 in fixes and (mended := _as_cp1252(line)) is not None:
            return Line(number, None, mended.removesuffix("\r"), mended=(CP1252,))
        return Line(number, byte, "", _encoding_fault(encoding, number, byte + error.start, error, by_line=True))


def _as_cp1252(line: bytes) -> str | None:
    try:
        return line.decode("cp1252")
    except UnicodeDecodeError:
        return None


def _lines_of_text(chunks: Iterator[str]) -> Iterator[Line]:
    rest = ""
    number = 0
    for chunk in chunks:
        *lines, rest = (rest + chunk).split("\n")
        for line in lines:
            number += 1
            yield Line(number, None, line.removesuffix("\r"))
        if len(rest) > LARGEST_ROW_BYTES:
            raise SourceFault(error_at("row_too_large", "The line is too long to be read.", line=number + 1))
    if rest:
        yield Line(number + 1, None, rest.removesuffix("\r"))


def _encoding_fault(
    encoding: SourceEncoding, line: int, byte: int, error: UnicodeDecodeError, *, by_line: bool = False
) -> Finding:
    bad = error.object[error.start : error.start + 1]
    around = error.object[max(0, error.start - 200) : error.start + 200]
    finding = error_at(
        "encoding",
        f"The byte 0x{bad.hex()} is not valid {encoding.codec.upper()} text.",
        line=line,
        byte=byte,
        expected=encoding.shown,
        suggestion=_likely_encoding(around, encoding),
    )
    mendable = by_line and encoding.codec == "utf-8" and _as_cp1252(around) is not None
    return finding.model_copy(update={"fix": CP1252}) if mendable else finding


def _likely_encoding(around: bytes, encoding: SourceEncoding) -> str:
    if encoding.codec != "utf-8":
        return "Name the right encoding with --encoding, or save the file as UTF-8."
    if around.count(0) > len(around) // 4:
        return "It looks like UTF-16 without a byte order mark; save the file as UTF-8."
    if _as_cp1252(around) is None:
        return "Name the right encoding with --encoding, or save the file as UTF-8."
    return (
        "It looks like Windows-1252 or Latin-1; say --encoding cp1252, or save the file as UTF-8 (in Excel: CSV UTF-8)."
    )
