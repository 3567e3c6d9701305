"""The peer of tokenise, in its own environment: datasets' map with transformers' chat template and assistant mask."""

import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import datasets
import transformers
from measures import write_measure

LENGTH = 2048


def main(file: Path, base: Path, result: Path) -> None:
    tokenizer = transformers.AutoTokenizer.from_pretrained(base)

    def tokens_of(row: dict[str, Any]) -> dict[str, Any]:
        return {"input_ids": tokenizer.apply_chat_template(row["messages"], return_dict=True)["input_ids"][:LENGTH]}

    with TemporaryDirectory() as cache:
        started = time.perf_counter()
        loaded = datasets.load_dataset("json", data_files=str(file), split="train", cache_dir=cache)
        mapped = loaded.map(tokens_of, remove_columns=loaded.column_names)
        tokens = sum(len(ids) for batch in mapped.iter(1000) for ids in batch["input_ids"])
        seconds = time.perf_counter() - started
    megabytes = file.stat().st_size / 1e6
    write_measure(result, megabytes, seconds, [tokens, len(mapped)], ("datasets", "transformers"))


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]), Path(sys.argv[3]))
