"""Our side of tokenise: examples checked, imported, rendered with their loss mask, tokenised and packed."""

import sys
import time
from pathlib import Path

from benchmarks.peers.measures import write_measure
from luthier.data.canonical import read_examples, write_lines
from luthier.data.check import Scan
from luthier.data.encode import encode
from luthier.data.packing import micro_batches
from luthier.data.render import Renderer

LENGTH, BUDGET = 2048, 16_384


def main(file: Path, base: Path, result: Path) -> None:
    started = time.perf_counter()
    canonical = result.with_name("examples.jsonl")
    write_lines(canonical, Scan(file).canonical())
    encoded = encode(read_examples(canonical), Renderer(base), max_length=LENGTH, overlong="truncate")
    batches = micro_batches([int(length) for length in encoded.lengths], BUDGET)
    seconds = time.perf_counter() - started
    megabytes = file.stat().st_size / 1e6
    write_measure(
        result, megabytes, seconds, [encoded.tokens, sum(len(batch) for batch in batches)], ("luthier", "tokenizers")
    )


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]), Path(sys.argv[3]))
