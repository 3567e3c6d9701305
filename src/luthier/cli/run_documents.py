"""Runs as scripts read them: keys are a promise."""

from typing import Any

from luthier.cli.errors import problem_document
from luthier.domain.queues import Place
from luthier.domain.runs import Run

_OURS = {"plan", "losses_of_worker", "token", "ticket", "overtaken", "home", "retry_seconds"}


def run_document(run: Run, place: Place | None = None) -> dict[str, Any]:
    """`place` is where a run that waits stands in the queue."""
    return run.model_dump(mode="json", exclude=_OURS) | {
        "problem": problem_document(run.problem) if run.problem else None,
        "wishes": [wish.value for wish in run.wishes],
        "queue": {"position": place.position, "why": place.sentence} if place else None,
    }
