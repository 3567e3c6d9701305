"""Decides a file's encoding by its first bytes, and gives its text with a located fault where it is not so encoded."""

import codecs
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from luthier.data.readers.rows import LARGEST_ROW_BYTES, SourceFault, error_at
from luthier.domain.findings import Finding

_CHUNK = 1 << 20
_MARKS = (  # the longer marks first: UTF-32's begins like UTF-16's
    (codecs.BOM_UTF8, "utf-8", "UTF-8 with byte order mark"),
    (codecs.BOM_UTF32_LE, "utf-32-le", "UTF-32"),
    (codecs.BOM_UTF32_BE, "utf-32-be", "UTF-32"),
    (codecs.BOM_UTF16_LE, "utf-16-le", "UTF-16"),
    (codecs.BOM_UTF16_BE, "utf-16-be", "UTF-16"),
)


@dataclass(frozen=True, slots=True)
class SourceEncoding:
    codec: str
    shown: str
    mark_bytes: int  # of the byte order mark


@dataclass(frozen=True, slots=True)
class Line:
    number: int
    byte: int | None  # where it begins; None when the file is not UTF-8
    text: str
    fault: Finding | None = None  # then `text` is empty


def detect_encoding(head: bytes) -> SourceEncoding:
    for mark, codec, shown in _MARKS:
        if head.startswith(mark):
            return SourceEncoding(codec, shown, len(mark))
    return SourceEncoding("utf-8", "UTF-8", 0)


def decoded_chunks(path: Path, encoding: SourceEncoding) -> Iterator[str]:
    """The text in pieces; raises SourceFault at the first byte that the encoding does not allow."""
    decoder = codecs.getincrementaldecoder(encoding.codec)("strict")
    lines = 1
    position = encoding.mark_bytes
    with open(path, "rb") as file:
        file.seek(encoding.mark_bytes)
        while True:
            chunk = file.read(_CHUNK)
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


def decoded_lines(path: Path, encoding: SourceEncoding) -> Iterator[Line]:
    """Lines end with \\n only (or \\r, where a file has no other): JSON may hold U+2028 and its kin as they are.

    In UTF-8 a line with a fault is passed over and the rest is still read.
    """
    if encoding.codec == "utf-8":
        return _utf8_lines(path, encoding)
    return _lines_of_text(decoded_chunks(path, encoding))


def _utf8_lines(path: Path, encoding: SourceEncoding) -> Iterator[Line]:
    with open(path, "rb") as file:
        file.seek(encoding.mark_bytes)
        head = file.read(_CHUNK)
        separator = b"\r" if b"\r" in head and b"\n" not in head else b"\n"
        file.seek(encoding.mark_bytes)
        byte = encoding.mark_bytes
        for number, (line, size) in enumerate(_byte_lines(file, separator), start=1):
            yield _decoded_line(number, byte, line, encoding)
            byte += size


def _byte_lines(file: object, separator: bytes) -> Iterator[tuple[bytes | None, int]]:
    """Each line without its end, or None when it is too large to hold, and its size in the file."""
    rest = bytearray()
    dropped = 0
    while chunk := file.read(_CHUNK):  # type: ignore[attr-defined]
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


def _decoded_line(number: int, byte: int, line: bytes | None, encoding: SourceEncoding) -> Line:
    if line is None:
        fault = error_at(
            "row_too_large",
            f"The line has more than {LARGEST_ROW_BYTES >> 20} MiB and was passed over.",
            line=number,
            byte=byte,
            suggestion="Put one example on a line of its own.",
        )
        return Line(number, byte, "", fault)
    try:
        return Line(number, byte, line.decode("utf-8").removesuffix("\r"))
    except UnicodeDecodeError as error:
        return Line(number, byte, "", _encoding_fault(encoding, number, byte + error.start, error))


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


def _encoding_fault(encoding: SourceEncoding, line: int, byte: int, error: UnicodeDecodeError) -> Finding:
    bad = error.object[error.start : error.start + 1]
    return error_at(
        "encoding",
        f"The byte 0x{bad.hex()} is not valid {encoding.codec.upper()} text.",
        line=line,
        byte=byte,
        expected="UTF-8, or UTF-16 with a byte order mark",
        suggestion=_likely_encoding(error.object[max(0, error.start - 200) : error.start + 200]),
    )


def _likely_encoding(around: bytes) -> str:
    if around.count(0) > len(around) // 4:
        return "It looks like UTF-16 without a byte order mark; save the file as UTF-8."
    try:
        around.decode("cp1252")
    except UnicodeDecodeError:
        return "Save the file as UTF-8."
    return "It looks like Windows-1252 or Latin-1; save the file as UTF-8 (in Excel: CSV UTF-8)."
