"""The peer of check, in its own environment: datasets loads the file and keeps the rows that a function accepts."""

import json
import resource
import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import datasets


def is_sound(row: dict[str, Any]) -> bool:
    """The least that a trainer needs: known roles, no empty turn, and an answer at the end."""
    turns = row["messages"]
    return (
        bool(turns)
        and turns[-1]["role"] == "assistant"
        and all(turn["role"] in ("system", "user", "assistant") and turn["content"].strip() for turn in turns)
    )


def main(file: Path, result: Path) -> None:
    with TemporaryDirectory() as cache:  # what an earlier pass left would be read instead of the file
        started = time.perf_counter()
        loaded = datasets.load_dataset("json", data_files=str(file), split="train", cache_dir=cache)
        kept = loaded.filter(is_sound)
        seconds = time.perf_counter() - started
    measure = {
        "per_second": len(loaded) / seconds,
        "amount": len(loaded),
        "seconds": seconds,
        "peak_bytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024,
        "outcome": [len(kept)],
        "versions": {"datasets": datasets.__version__},
    }
    result.write_text(json.dumps(measure))


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
