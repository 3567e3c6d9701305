"""The corpus of hostile files, and a way to have them all in a folder: python -m tests.data.hostile.write FOLDER"""

import sys
from collections import Counter
from pathlib import Path

from tests.data.hostile import archives, columns, documents, encodings, json_lines, tables, texts
from tests.data.hostile.cases import Case

GROUPS: dict[str, tuple[Case, ...]] = {
    "lines": json_lines.CASES,
    "documents": documents.CASES,
    "texts": texts.CASES,
    "encodings": encodings.CASES,
    "tables": tables.CASES,
    "archives": archives.CASES,
    "columns": columns.CASES,
}
CORPUS: dict[str, Case] = {f"{group}/{case.name}": case for group, cases in GROUPS.items() for case in cases}


def write(folder: Path) -> int:
    for name, case in CORPUS.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(case.content)
    return len(CORPUS)


def names_used_twice() -> list[str]:
    counts = Counter(f"{group}/{case.name}" for group, cases in GROUPS.items() for case in cases)
    return [name for name, count in counts.items() if count > 1]


if __name__ == "__main__":
    write(Path(sys.argv[1]))
