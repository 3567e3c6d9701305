"""Row gguf: the starter with a LoRA adapter as one Q8_0 file; peer: PEFT's merging, saving, llama.cpp's converter."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import luthier
from benchmarks.processes import ours, peer
from benchmarks.rows import Bench, Row


@contextmanager
def open_bench(rank: int, data: Path) -> Iterator[Bench]:
    """Both sides count from the start of their process, for that is how an export is asked for."""
    with TemporaryDirectory(prefix="luthier-bench-") as folder, luthier.open(Path(folder) / "workspace") as workspace:
        place = Path(folder)
        base, adapter = workspace.models.get("starter").folder, place / "adapter"
        peer("gguf_adapter.py", base, str(adapter), str(rank), place=place)
        yield Bench(
            lambda: ours("gguf_file.py", base, str(adapter), place=place),
            lambda: peer("gguf_file.py", base, str(adapter), place=place),
        )


# The outcome is a mean over quantised weights; merging in 16 or in 32 bits moves it in the sixth digit.
ROW = Row(name="gguf", unit="files/s", target=5, gate=1e-4, size=16, smoke_size=4, open=open_bench)
