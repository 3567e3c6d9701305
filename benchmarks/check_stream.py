"""Checks and converts rows that are made while they are read, and says how fast and in how much memory.

python -m benchmarks.check_stream --rows 10000000
"""

import argparse
import io
import json
import random
import resource
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import BinaryIO, cast

from luthier.data.check import Scan
from luthier.data.readers.content import Content
from luthier.data.readers.open import open_content

_CHUNK_ROWS = 1000


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument(
        "--bad", type=float, default=0.01, help="share of the rows that are broken, each in its own way"
    )
    asked = parser.parse_args()
    print(json.dumps(measure(asked.rows, asked.bad)))


def measure(rows: int, bad: float) -> dict[str, float]:
    started = time.perf_counter()
    content = Content("stream.jsonl", ".jsonl", 0, lambda: _stream(lambda: _chunks(rows, bad)))
    scan = Scan(open_content(content))
    written = sum(len(piece) for piece in scan.canonical())
    seconds = time.perf_counter() - started
    report = scan.report()
    return {
        "rows": report.rows,
        "examples": report.examples,
        "canonical_megabytes": round(written / 1e6),
        "findings": len(report.findings) + report.findings_left_out,
        "seconds": round(seconds, 1),
        "rows_per_second": round(rows / seconds),
        "peak_megabytes": round(peak_bytes() / 1e6),
    }


def peak_bytes() -> int:
    """Since this program began. On Linux ru_maxrss also counts what the process was forked from, so it is not asked."""
    status = Path("/proc/self/status")
    if status.exists():
        line = next(line for line in status.read_text().splitlines() if line.startswith("VmHWM:"))
        return int(line.split()[1]) * 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)


def _chunks(rows: int, bad: float) -> Iterator[bytes]:
    chance = random.Random(7)
    for start in range(0, rows, _CHUNK_ROWS):
        lines = (_line(number, chance, bad) for number in range(start, min(start + _CHUNK_ROWS, rows)))
        yield "".join(lines).encode("utf-8", "surrogatepass")


def _line(number: int, chance: random.Random, bad: float) -> str:
    """Lengths and column names differ from row to row, so that whatever is kept per length or per name grows."""
    prompt = f"Order {number}: " + "spruce top " * chance.randrange(1, 12) + "x" * chance.randrange(200)
    if chance.random() >= bad:
        return json.dumps({"prompt": prompt, "completion": f"{number} parts"}) + "\n"
    broken = ({"prompt": number}, {f"column {number}": prompt}, {"prompt": prompt, "completion": "", f"x{number}": 1})
    return chance.choice([json.dumps(each) for each in broken] + [prompt, f'{{"prompt": "{prompt}"']) + "\n"


class _Made(io.RawIOBase):
    def __init__(self, chunks: Iterator[bytes]) -> None:
        super().__init__()
        self._chunks = chunks
        self._rest = b""

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: object, /) -> int:
        view = memoryview(cast(bytearray, buffer))
        self._rest = self._rest or next(self._chunks, b"")
        piece, self._rest = self._rest[: len(view)], self._rest[len(view) :]
        view[: len(piece)] = piece
        return len(piece)


def _stream(chunks: Callable[[], Iterator[bytes]]) -> BinaryIO:
    return cast(BinaryIO, io.BufferedReader(_Made(chunks()), 1 << 20))


if __name__ == "__main__":
    main()
