"""Waits for long work as a script does."""

import time
from typing import Any

from fastapi.testclient import TestClient


def ended(client: TestClient, begun: Any, noun: str = "dataset-jobs", own_id: str = "job_id") -> dict[str, Any]:
    """The job that an answer of 202 speaks of, once nobody works on it any more."""
    assert begun.status_code == 202, begun.text
    deadline = time.monotonic() + 60
    job: dict[str, Any] = begun.json()
    while job["state"] in ("waiting", "running"):
        assert time.monotonic() < deadline
        time.sleep(0.01)
        job = client.get(f"/api/v1/{noun}/{job[own_id]}").json()
    return job
