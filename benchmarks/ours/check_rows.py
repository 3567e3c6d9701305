"""Our side of check: the full report of a file, as `luthier datasets check` makes it."""

import sys
import time
from pathlib import Path

from benchmarks.peers.measures import write_measure
from luthier.data.check import check_source


def main(file: Path, result: Path) -> None:
    started = time.perf_counter()
    report = check_source(file)
    seconds = time.perf_counter() - started
    write_measure(result, report.rows, seconds, [report.examples], ("luthier",))


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
