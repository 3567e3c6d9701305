"""Row checkpoint: how long training on the starter stands still for a checkpoint; peer: the Trainer."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import luthier
from benchmarks.processes import ours, peer
from benchmarks.rows import Bench, Row


@contextmanager
def open_bench(saves: int, data: Path) -> Iterator[Bench]:
    with TemporaryDirectory(prefix="luthier-bench-") as folder, luthier.open(Path(folder) / "workspace") as workspace:
        place = Path(folder)
        arguments = (workspace.models.get("starter").folder, str(saves))
        yield Bench(
            lambda: ours("save_checkpoints.py", *arguments, place=place),
            lambda: peer("save_checkpoints.py", *arguments, place=place),
        )


ROW = Row(
    name="checkpoint", unit="saves/s of standing still", target=50, gate=0, size=10, smoke_size=2, open=open_bench
)
