"""A peer of metrics, in its own environment: W&B offline, one log a step."""

import random
import sys
import time
from pathlib import Path

import wandb
from measures import write_measure

NAMES = ("loss", "learning_rate", "gradient_norm", "rss_bytes", "tokens_per_second", "step_seconds")


def main(scalars: int, result: Path) -> None:
    settings = wandb.Settings(mode="offline", console="off", silent=True, disable_git=True, save_code=False)
    run = wandb.init(project="bench", dir=str(result.parent), settings=settings)
    chance = random.Random(7)
    steps = scalars // len(NAMES)
    started = time.perf_counter()
    for step in range(1, steps + 1):
        run.log({name: chance.random() for name in NAMES}, step=step)
    run.finish()  # until then what was logged may be in memory only
    seconds = time.perf_counter() - started
    write_measure(result, scalars, seconds, [steps * len(NAMES)], ("wandb",))


if __name__ == "__main__":
    main(int(sys.argv[1]), Path(sys.argv[2]))
