"""Row web: how soon the first page can be used on a slow processor, and how evenly large views move; peer: MLflow."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks.processes import PEER_PYTHON, ours
from benchmarks.rows import Bench, NotMeasurable, Row

_BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")


@contextmanager
def open_bench(size: int, data: Path) -> Iterator[Bench]:
    browser = next((found for name in _BROWSERS if (found := shutil.which(name))), None)
    if browser is None:
        raise NotMeasurable("No Chromium was found to open pages with. Try: sudo apt-get install chromium")
    with TemporaryDirectory(prefix="luthier-bench-") as folder:
        place = Path(folder)
        yield Bench(
            lambda: ours("web_page.py", browser, str(size), place=place),
            lambda: ours("web_mlflow.py", browser, str(PEER_PYTHON), place=place),
        )


ROW = Row(name="web", unit="first pages/s", target=3, gate=0, size=1_000_000, smoke_size=20_000, open=open_bench)
