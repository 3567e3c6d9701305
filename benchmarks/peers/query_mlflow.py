"""The peer of query, in its own environment: mlflow.search_runs over many runs, filtered, sorted and paged."""

import json
import resource
import sys
import time
from pathlib import Path

import mlflow
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
        page = client.search_runs(
            [experiment], "attributes.status = 'FINISHED'", 1, SIZE, ["attributes.start_time DESC"], token
        )
        seen, token = seen + len(page), page.token
        if token is None:
            break
    seconds = time.perf_counter() - started
    measure = {
        "per_second": PAGES / seconds,
        "amount": PAGES,
        "seconds": seconds,
        "peak_bytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024,
        "outcome": [seen],
        "versions": {"mlflow": mlflow.__version__},
    }
    result.write_text(json.dumps(measure))


if __name__ == "__main__":
    main(int(sys.argv[1]), Path(sys.argv[2]))
