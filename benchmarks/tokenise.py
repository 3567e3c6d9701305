"""Row tokenise: a chat file rendered by the starter's template, tokenised and packed; peer: datasets' map."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import luthier
from benchmarks.generated import write_chats
from benchmarks.processes import ours, peer
from benchmarks.rows import Bench, Row


@contextmanager
def open_bench(rows: int, data: Path) -> Iterator[Bench]:
    with TemporaryDirectory(prefix="luthier-bench-") as folder, luthier.open(Path(folder) / "workspace") as workspace:
        place = Path(folder)
        base = workspace.models.get("starter").folder
        file = data
        if not data.is_file():
            file = place / "chats.jsonl"
            write_chats(file, rows)
        yield Bench(
            lambda: ours("tokenise_rows.py", str(file), base, place=place),
            lambda: peer("tokenise_rows.py", str(file), base, place=place),
        )


ROW = Row(name="tokenise", unit="MB/s", target=10, gate=0, size=250_000, smoke_size=5_000, open=open_bench)
