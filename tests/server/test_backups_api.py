import time
from pathlib import Path
from typing import Any

from fastapi.testclient import TestClient

from luthier.workspace import Workspace


def ended(program: TestClient, job: dict[str, Any]) -> dict[str, Any]:
    deadline = time.monotonic() + 60
    while job["state"] in ("running", "waiting"):
        assert time.monotonic() < deadline, "the work on the backup does not end"
        time.sleep(0.02)
        job = program.get(f"/api/v1/backups/jobs/{job['job_id']}").json()
    return job


def test_a_backup_is_made_in_the_background_listed_and_checked(program: TestClient, workspace: Workspace) -> None:
    begun = program.post("/api/v1/backups", json={"name": "evening"}, headers={"idempotency-key": "once"})
    assert begun.status_code == 202
    made = ended(program, begun.json())
    assert (made["state"], made["name"], made["backup"]["runs"]) == ("done", "evening.luthier-backup", 0)
    assert str(workspace.folders.root) not in str(made), "where it lies concerns nobody afar"
    (listed,) = program.get("/api/v1/backups").json()["items"]
    assert listed == made["backup"]
    check = program.post("/api/v1/backups/evening.luthier-backup/check", headers={"idempotency-key": "twice"})
    assert ended(program, check.json())["state"] == "done"


def test_a_damaged_backup_is_found_out(program: TestClient, workspace: Workspace) -> None:
    begun = program.post("/api/v1/backups", json={"name": "evening"}, headers={"idempotency-key": "once"})
    ended(program, begun.json())
    path: Path = workspace.folders.backups / "evening.luthier-backup"
    content = bytearray(path.read_bytes())
    content[200] ^= 1
    path.write_bytes(content)
    check = program.post("/api/v1/backups/evening.luthier-backup/check", headers={"idempotency-key": "twice"})
    failed = ended(program, check.json())
    assert (failed["state"], failed["problem"]["code"]) == ("failed", "backups.damaged")


def test_secrets_cannot_be_asked_for_from_afar(program: TestClient) -> None:
    wish = {"name": "evening", "secrets": True}
    assert program.post("/api/v1/backups", json=wish, headers={"idempotency-key": "once"}).status_code == 422


def test_a_name_stays_in_the_folder_of_backups(program: TestClient) -> None:
    refused = program.post("/api/v1/backups", json={"name": "../evening"}, headers={"idempotency-key": "once"})
    assert (refused.status_code, refused.json()["code"]) == (422, "backups.name_wrong")


def test_work_that_nobody_asked_for_is_not_found(program: TestClient) -> None:
    assert program.get("/api/v1/backups/jobs/bak_none").json()["code"] == "backups.job_not_found"
    unknown = program.post("/api/v1/backups/none/check", headers={"idempotency-key": "once"})
    assert (unknown.status_code, unknown.json()["code"]) == (404, "backups.not_found")
    cancelled = program.post("/api/v1/backups/jobs/bak_none/cancel", headers={"idempotency-key": "twice"})
    assert cancelled.status_code == 404
