"""Rows metrics, metrics-wandb: scalars of steps, kept so that no crash of a program loses one.

MLflow on SQLite keeps them where they can be asked for, so our side counts until they are in the store. W&B
offline writes a file beside the training, so our side counts the journal: what a training process waits for.
"""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks.processes import ours, peer
from benchmarks.rows import Bench, Row


def _kept(where: str, script: str) -> Callable[[int, Path], AbstractContextManager[Bench]]:
    @contextmanager
    def open_bench(scalars: int, data: Path) -> Iterator[Bench]:
        with TemporaryDirectory(prefix="luthier-bench-") as folder:
            place = Path(folder)
            yield Bench(
                lambda: ours("metrics_kept.py", where, str(scalars), place=place),
                lambda: peer(script, str(scalars), place=place),
            )

    return open_bench


ROW = Row(
    name="metrics",
    unit="scalars/s",
    target=20,
    gate=0,
    size=120_000,
    smoke_size=3_000,
    open=_kept("store", "metrics_mlflow.py"),
)
ROW_WANDB = Row(
    name="metrics-wandb",
    unit="scalars/s",
    target=5,
    gate=0,
    size=1_000_000,
    smoke_size=3_000,
    open=_kept("journal", "metrics_wandb.py"),
)
