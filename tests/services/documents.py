"""All that a database says, as values that can be compared."""

from pathlib import Path
from typing import Any

from luthier.domain.runs import Attempt, Checkpoint, MetricPoint
from luthier.store import open_store


def documents(database: Path) -> dict[str, Any]:
    """All that the database says, without the numbers of events, which follow from their order."""
    store = open_store(database)
    with store.reading() as tx:
        runs = list(tx.runs.all())
        events = [event.model_dump(exclude={"seq"}) for event in tx.events.after(0, limit=100_000)]
        attempts: list[Attempt] = [each for run in runs for each in tx.attempts.list(run.run_id)]
        found: dict[str, Any] = {
            "runs": runs,
            "attempts": [each.model_dump(exclude={"pid", "process_started_at", "ended_at"}) for each in attempts],
            "metrics": {run.run_id: points(tx.metrics.list(run.run_id)) for run in runs},
            "checkpoints": [checkpoint for run in runs for checkpoint in existing(tx.checkpoints.list(run.run_id))],
            "events": {run.run_id: [event for event in events if event["run_id"] == run.run_id] for run in runs},
            "datasets": tx.datasets.list(),
            "versions": tx.versions.list(),
            "evaluations": [
                (each, tx.evaluations.outcomes(each.evaluation_id), tx.evaluations.votes(each.evaluation_id))
                for each in tx.evaluations.list()
            ],
            "gates": tx.evaluations.gates(),
            "chats": tx.chats.list(limit=None),
        }
    store.close()
    return found


def points(found: list[MetricPoint]) -> list[tuple[int, str, float]]:
    return [(point.step, point.name, point.value) for point in found]


def existing(found: list[Checkpoint]) -> list[Checkpoint]:
    return [checkpoint for checkpoint in found if Path(checkpoint.folder).exists()]
