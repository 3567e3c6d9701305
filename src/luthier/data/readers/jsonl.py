"""JSON lines: one object per line; a line that cannot be read is reported and the next one is read."""

from collections.abc import Iterator

from luthier.data.fixes import mend_line, mended
from luthier.data.readers.content import Content
from luthier.data.readers.encodings import SourceEncoding
from luthier.data.readers.json_values import JsonFault, Parsed, parse_whole
from luthier.data.readers.lines import Line, decoded_lines
from luthier.data.readers.rows import Row, error_at, moved
from luthier.domain.findings import Finding, Level, Place


def jsonl_rows(content: Content, encoding: SourceEncoding, fixes: frozenset[str]) -> Iterator[Row]:
    number = 0
    for line in decoded_lines(content, encoding, fixes):
        if line.fault is None and not line.text.strip():
            continue
        number += 1
        yield _row(number, line, fixes)


def repeated_key_finding(keys: tuple[str, ...], row: int, line: int | None) -> Finding:
    return Finding(
        code="dataset.duplicate_key",
        level=Level.WARNING,
        sentence=f"The field {keys[0]!r} stands twice in one object; the last one counts.",
        place=Place(row=row, line=line),
        suggestion="Keep one of them.",
    )


def _row(number: int, line: Line, fixes: frozenset[str]) -> Row:
    if line.fault is not None:
        return Row(number, line.number, None, (moved(line.fault, row=number),))
    try:
        parsed, used = _parsed(line.text, fixes)
    except JsonFault as fault:
        return Row(number, line.number, None, (_finding(fault, number, line),))
    if not isinstance(parsed.value, dict):
        return Row(number, line.number, None, (_not_an_object(number, line),))
    changes = dict.fromkeys((*line.mended, *used, *parsed.mended))
    notes = [mended(fix, Place(row=number, line=line.number)) for fix in changes]
    if parsed.repeated_keys:
        notes.append(repeated_key_finding(parsed.repeated_keys, number, line.number))
    return Row(number, line.number, parsed.value, tuple(notes))


def _parsed(text: str, fixes: frozenset[str]) -> tuple[Parsed, list[str]]:
    """Each fix makes the line shorter, so this ends."""
    used: list[str] = []
    while True:
        try:
            return parse_whole(text, fixes), used
        except JsonFault as fault:
            repaired = mend_line(text, fault.fix, fault.position) if fault.fix in fixes else text
            if len(repaired) >= len(text):
                raise
            text = repaired
            used.append(fault.fix)


def _finding(fault: JsonFault, number: int, line: Line) -> Finding:
    byte = None if line.byte is None else line.byte + len(line.text[: fault.position].encode())
    finding = error_at(
        fault.code,
        fault.sentence,
        row=number,
        line=line.number,
        byte=byte,
        expected="one JSON object per line",
        suggestion=fault.suggestion,
    )
    return finding.model_copy(update={"fix": fault.fix}) if fault.fix else finding


def _not_an_object(number: int, line: Line) -> Finding:
    return error_at(
        "row_type",
        "The line holds a JSON value that is not an object.",
        row=number,
        line=line.number,
        byte=line.byte,
        expected='an object such as {"prompt": "...", "completion": "..."}',
    )
