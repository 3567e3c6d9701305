"""Our side of swap: adapters that the chat process holds take turns on one base."""

import json
import resource
import sys
import time
from importlib.metadata import version
from pathlib import Path

import torch

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
    measure = {
        "per_second": swaps / seconds,
        "amount": swaps,
        "seconds": seconds,
        "peak_bytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024,
        "outcome": outcome,
        "versions": {name: version(name) for name in ("luthier", "peft", "torch")},
    }
    result.write_text(json.dumps(measure))


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]), sys.argv[3:-1], Path(sys.argv[-1]))
