"""JSON lines: one object per line; a line that cannot be read is reported and the next one is read."""

from collections.abc import Iterator
from pathlib import Path

from luthier.data.readers.encodings import Line, SourceEncoding, decoded_lines
from luthier.data.readers.json_values import JsonFault, parse_whole
from luthier.data.readers.rows import Row, error_at
from luthier.domain.findings import Finding, Level, Place


def jsonl_rows(path: Path, encoding: SourceEncoding) -> Iterator[Row]:
    number = 0
    for line in decoded_lines(path, encoding):
        if line.fault is None and not line.text.strip():
            continue
        number += 1
        yield _row(number, line)


def repeated_key_finding(keys: tuple[str, ...], row: int, line: int | None) -> Finding:
    return Finding(
        code="dataset.duplicate_key",
        level=Level.WARNING,
        sentence=f"The field {keys[0]!r} stands twice in one object; the last one counts.",
        place=Place(row=row, line=line),
        suggestion="Keep one of them.",
    )


def _row(number: int, line: Line) -> Row:
    if line.fault is not None:
        fault = line.fault.model_copy(update={"place": line.fault.place.model_copy(update={"row": number})})
        return Row(number, line.number, None, (fault,))
    try:
        parsed = parse_whole(line.text)
    except JsonFault as fault:
        return Row(number, line.number, None, (_finding(fault, number, line),))
    if not isinstance(parsed.value, dict):
        return Row(number, line.number, None, (_not_an_object(number, line),))
    repeated = (repeated_key_finding(parsed.repeated_keys, number, line.number),) if parsed.repeated_keys else ()
    return Row(number, line.number, parsed.value, repeated)


def _finding(fault: JsonFault, number: int, line: Line) -> Finding:
    byte = None if line.byte is None else line.byte + len(line.text[: fault.position].encode())
    return error_at(
        fault.code,
        fault.sentence,
        row=number,
        line=line.number,
        byte=byte,
        expected="one JSON object per line",
        suggestion=fault.suggestion,
    )


def _not_an_object(number: int, line: Line) -> Finding:
    return error_at(
        "row_type",
        "The line holds a JSON value that is not an object.",
        row=number,
        line=line.number,
        byte=line.byte,
        expected='an object such as {"prompt": "...", "completion": "..."}',
    )
