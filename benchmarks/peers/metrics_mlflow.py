"""A peer of metrics, in its own environment: MLflow's client on SQLite, one batch a step."""

import random
import sys
import time
from pathlib import Path

import mlflow
from measures import write_measure
from mlflow.entities import Metric

NAMES = ("loss", "learning_rate", "gradient_norm", "rss_bytes", "tokens_per_second", "step_seconds")


def main(scalars: int, result: Path) -> None:
    client = mlflow.MlflowClient(f"sqlite:///{result.parent / f'{time.time_ns()}.db'}")
    run_id = client.create_run(client.create_experiment("bench", str(result.parent))).info.run_id
    chance = random.Random(7)
    started = time.perf_counter()
    for step in range(1, scalars // len(NAMES) + 1):
        now = time.time_ns() // 1_000_000
        client.log_batch(run_id, metrics=[Metric(name, chance.random(), now, step) for name in NAMES])
    seconds = time.perf_counter() - started
    kept = sum(len(client.get_metric_history(run_id, name)) for name in NAMES)
    write_measure(result, scalars, seconds, [kept], ("mlflow",))


if __name__ == "__main__":
    main(int(sys.argv[1]), Path(sys.argv[2]))
