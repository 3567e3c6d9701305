"""The peer of query, in its own environment: mlflow.search_runs over many runs, filtered, sorted and paged."""

import sys
import time
from pathlib import Path

import mlflow
from measures import write_measure
from mlflow.entities import Metric, Param

PAGES, SIZE = 20, 50


def main(count: int, result: Path) -> None:
    client = mlflow.MlflowClient(f"sqlite:///{result.parent / f'{time.time_ns()}.db'}")
    experiment = client.create_experiment("bench", str(result.parent))
    for number in range(count):
        run_id = client.create_run(experiment, run_name=f"run-{number}").info.run_id
        client.log_batch(run_id, [Metric("loss", number / count, 0, 1)], [Param("base", "starter")])
        client.set_terminated(run_id, "FINISHED" if number % 3 else "FAILED")
    started = time.perf_counter()
    seen, token = 0, None
    for _ in range(PAGES):
        page = client.search_runs([experiment], "attributes.status = 'FINISHED'", 1, SIZE, ["metrics.loss ASC"], token)
        seen, token = seen + len(page), page.token
        if token is None:
            break
    seconds = time.perf_counter() - started
    write_measure(result, PAGES, seconds, [seen], ("mlflow",))


if __name__ == "__main__":
    main(int(sys.argv[1]), Path(sys.argv[2]))
