"""Our side of check: the full report of a file, as `luthier datasets check` makes it."""

import json
import resource
import sys
import time
from importlib.metadata import version
from pathlib import Path

from luthier.data.check import check_source


def main(file: Path, result: Path) -> None:
    started = time.perf_counter()
    report = check_source(file)
    seconds = time.perf_counter() - started
    measure = {
        "per_second": report.rows / seconds,
        "amount": report.rows,
        "seconds": seconds,
        "peak_bytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024,
        "outcome": [report.examples],
        "versions": {"luthier": version("luthier")},
    }
    result.write_text(json.dumps(measure))


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
