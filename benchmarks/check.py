"""Row check: every row of a chat file read and judged; peer: datasets, which loads it and filters it by a function."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks.generated import write_chats
from benchmarks.processes import ours, peer
from benchmarks.rows import Bench, Row


@contextmanager
def open_bench(rows: int, data: Path) -> Iterator[Bench]:
    with TemporaryDirectory(prefix="luthier-bench-") as folder:
        place = Path(folder)
        file = data
        if not data.is_file():
            file = place / "chats.jsonl"
            write_chats(file, rows)
        yield Bench(
            lambda: ours("check_rows.py", str(file), place=place), lambda: peer("check_rows.py", str(file), place=place)
        )


ROW = Row(name="check", unit="rows/s", target=8, gate=0, size=1_000_000, smoke_size=20_000, open=open_bench)
