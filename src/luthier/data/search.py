"""Finds rows by what is said in them: whole blocks of lines first, so that only those which can match are parsed."""

import json
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from luthier.data.canonical import from_line
from luthier.data.example_file import ExampleFile
from luthier.domain.datasets import Example, Role

_BLOCK_ROWS = 2_000


@dataclass(frozen=True, slots=True)
class Found:
    examples: tuple[Example, ...]
    positions: tuple[int, ...]
    next: int | None  # where to go on; None at the end of the file
    scanned: int


def search(
    file: ExampleFile, text: str, role: Role | None = None, *, after: int = 0, limit: int = 20, scan_at_most: int
) -> Found:
    """The rows from position `after` on that say `text`, whatever the case; at most `scan_at_most` rows are looked at.

    With a role, only what that role says counts; plain text is said by nobody.
    """
    sought = text.casefold()
    end = min(len(file), after + scan_at_most)
    examples: list[Example] = []
    positions: list[int] = []
    for position, line in _candidates(file, sought, min(after, end), end):
        example = from_line(line, file.path, position + 1)
        if _says(example, sought, role):
            examples.append(example)
            positions.append(position)
            if len(examples) == limit:
                end = position + 1
                break
    return Found(
        examples=tuple(examples),
        positions=tuple(positions),
        next=end if end < len(file) else None,
        scanned=max(0, end - after),
    )


def search_among(
    file: ExampleFile,
    positions: Sequence[int],
    text: str,
    role: Role | None = None,
    *,
    after: int = 0,
    limit: int = 20,
    scan_at_most: int,
) -> Found:
    """As `search`, looking at these positions alone, which ascend."""
    first = bisect_left(positions, after)
    looked_at = positions[first : first + scan_at_most]
    sought = text.casefold()
    examples: list[Example] = []
    found: list[int] = []
    scanned = 0
    for position, example in zip(looked_at, file.at(looked_at), strict=False):
        scanned += 1
        if _says(example, sought, role):
            examples.append(example)
            found.append(position)
            if len(examples) == limit:
                break
    left = positions[first + scanned : first + scanned + 1]
    return Found(tuple(examples), tuple(found), next=left[0] if left else None, scanned=scanned)


def _candidates(file: ExampleFile, sought: str, first: int, end: int) -> Iterator[tuple[int, bytes]]:
    """Lines that hold the text as it is written in JSON, somewhere."""
    written = json.dumps(sought, ensure_ascii=False)[1:-1]
    for begin in range(first, end, _BLOCK_ROWS):
        lines = file.lines(begin, min(begin + _BLOCK_ROWS, end))
        folded = b"\n".join(lines).decode(errors="replace").casefold()
        if written in folded:
            said = enumerate(folded.split("\n"))  # folding makes and takes no line ends
            yield from ((begin + at, lines[at]) for at, line in said if written in line)


def _says(example: Example, sought: str, role: Role | None) -> bool:
    if role is None and sought in example.text.casefold():
        return True
    for message in example.messages:
        if role is not None and message.role is not role:
            continue
        calls = (json.dumps([call.name, call.arguments], ensure_ascii=False) for call in message.tool_calls)
        if any(sought in said.casefold() for said in (message.content, message.reasoning or "", *calls)):
            return True
    return False
