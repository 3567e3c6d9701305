"""The peer of check, in its own environment: datasets loads the file and keeps the rows that a function accepts."""

import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import datasets
from measures import write_measure


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
    write_measure(result, len(loaded), seconds, [len(kept)], ("datasets",))


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
