"""Plain text and Markdown: passages of at most 8,000 characters, parted at blank lines where that is possible."""

from collections.abc import Iterator

from luthier.data.fixes import mended
from luthier.data.readers.content import Content
from luthier.data.readers.encodings import SourceEncoding
from luthier.data.readers.lines import decoded_lines
from luthier.data.readers.rows import Row, moved
from luthier.domain.findings import Place

PASSAGE_CHARACTERS = 8_000  # about 2,000 tokens: long enough to hold a thought, short enough to be shuffled


def text_rows(content: Content, encoding: SourceEncoding, fixes: frozenset[str]) -> Iterator[Row]:
    passage: list[str] = []
    first_line, size, number = 1, 0, 0
    for line in decoded_lines(content, encoding, fixes):
        if line.fault is not None:
            number += 1
            yield Row(number, line.number, None, (moved(line.fault, row=number),))
            continue
        for fix in line.mended:
            yield Row(0, line.number, None, (mended(fix, Place(line=line.number)),))
        if size and size + len(line.text) > PASSAGE_CHARACTERS:
            kept, carried = _parted(passage)
            number += 1
            yield Row(number, first_line, {"text": "\n".join(kept).strip("\n")})
            passage, first_line = carried, line.number - len(carried)
            size = sum(len(each) + 1 for each in passage)
        if passage or line.text.strip():
            if not passage:
                first_line = line.number
            passage.append(line.text)
            size += len(line.text) + 1
    if any(each.strip() for each in passage):
        yield Row(number + 1, first_line, {"text": "\n".join(passage).strip("\n")})


def _parted(lines: list[str]) -> tuple[list[str], list[str]]:
    """At the last blank line in the second half, so that a passage keeps whole paragraphs and a useful length."""
    for at in range(len(lines) - 1, len(lines) // 2, -1):
        if not lines[at].strip():
            return lines[:at], lines[at + 1 :]
    return lines, []
