"""Row query: pages of the best runs out of ten thousand, by loss; peer: MLflow's search_runs."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks.processes import ours, peer
from benchmarks.rows import Bench, Row


@contextmanager
def open_bench(runs: int, data: Path) -> Iterator[Bench]:
    with TemporaryDirectory(prefix="luthier-bench-") as folder:
        place = Path(folder)
        yield Bench(
            lambda: ours("query_runs.py", str(runs), place=place),
            lambda: peer("query_mlflow.py", str(runs), place=place),
        )


ROW = Row(name="query", unit="pages/s", target=50, gate=0, size=10_000, smoke_size=200, open=open_bench)
