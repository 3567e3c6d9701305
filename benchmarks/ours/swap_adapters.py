"""Our side of swap: adapters that the chat process holds take turns on one base."""

import sys
import time
from pathlib import Path

import torch

from benchmarks.peers.measures import write_measure
from luthier.engine.adapted_base import AdaptedBase
from luthier.engine.loading import load_base

PROMPT = list(range(100, 116))


def main(base_folder: Path, swaps: int, adapters: list[str], result: Path) -> None:
    base = AdaptedBase(load_base(base_folder, "bf16"))
    for folder in adapters:
        base.make_ready(folder)
    seconds, outcome = 0.0, []
    for number in range(swaps):
        started = time.perf_counter()
        base.use(adapters[number % len(adapters)])
        seconds += time.perf_counter() - started
        with torch.no_grad():
            outcome.append(float(base.loaded.model(input_ids=torch.tensor([PROMPT])).logits[0, -1].float().mean()))
    write_measure(result, swaps, seconds, outcome, ("luthier", "peft", "torch"))


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]), sys.argv[3:-1], Path(sys.argv[-1]))
