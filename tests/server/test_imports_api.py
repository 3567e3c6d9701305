import json
import time
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient

from luthier.workspace import Workspace


def rows(count: int = 30) -> str:
    return "".join(json.dumps({"prompt": f"{n}?", "completion": f"{n}."}) + "\n" for n in range(count))


def ended(browser: TestClient, import_id: str) -> dict[str, Any]:
    deadline = time.monotonic() + 60
    while (job := browser.get(f"/api/v1/imports/{import_id}").json())["state"] in ("waiting", "running"):
        assert time.monotonic() < deadline
        time.sleep(0.02)
    return dict(job)


def begun(program: TestClient, **wanted: Any) -> dict[str, Any]:
    answer = program.post("/api/v1/imports", json=wanted)
    assert answer.status_code == 202, answer.text
    return dict(answer.json())


def test_a_sent_file_is_imported_in_the_background_and_then_let_go(program: TestClient, workspace: Workspace) -> None:
    sent = program.post("/api/v1/files/upload", files={"file": ("C:\\tmp\\asks.jsonl", rows())})
    assert sent.status_code == 201, sent.text
    job = begun(program, upload_id=sent.json()["upload_id"], name="asks")
    done = ended(program, job["import_id"])
    assert (done["state"], done["rows"], done["file"]) == ("done", 30, "asks.jsonl")
    dataset = program.get("/api/v1/datasets/asks").json()
    assert (dataset["dataset_id"], dataset["source"]) == (done["dataset_id"], "asks.jsonl")
    assert not list(workspace.folders.uploads.iterdir())


def test_a_failed_import_says_why_without_the_place_where_the_file_lay(program: TestClient) -> None:
    sent = program.post("/api/v1/files/upload", files={"file": ("asks.jsonl", rows(3) + '{"prompt": "cut')}).json()
    job = ended(program, begun(program, upload_id=sent["upload_id"])["import_id"])
    assert job["state"] == "failed"
    assert job["problem"]["code"] == "datasets.has_errors"
    assert "line 4" in job["problem"]["sentence"]
    assert "uploads" not in json.dumps(job["problem"])
    mended = begun(program, upload_id=sent["upload_id"], skip_bad_rows=True)
    assert ended(program, mended["import_id"])["state"] == "done"


def test_fixes_and_encodings_can_be_asked_for(program: TestClient, tmp_path: Path) -> None:
    path = tmp_path / "asks.jsonl"
    path.write_bytes('{"prompt": "é?", "completion": "oui",}\n'.encode("cp1252") * 3)
    options = {"encoding": "cp1252", "fixes": ["safe"]}
    report = program.post("/api/v1/datasets/check", json={"path": str(path), "options": options}).json()
    assert (report["examples"], report["encoding"]) == (3, "CP1252")
    job = begun(program, path=str(path), options=options)
    assert ended(program, job["import_id"])["state"] == "done"


@pytest.mark.parametrize("wanted", [{}, {"path": "a", "upload_id": "upl_b"}])
def test_an_import_names_exactly_one_source(program: TestClient, wanted: dict[str, str]) -> None:
    answer = program.post("/api/v1/imports", json=wanted)
    assert (answer.status_code, answer.json()["code"]) == (422, "requests.invalid")
    assert "either a path or an upload_id" in answer.json()["detail"]


def test_what_is_not_there_is_not_found(program: TestClient) -> None:
    assert program.get("/api/v1/imports/imp_none").json()["code"] == "imports.not_found"
    assert program.post("/api/v1/imports", json={"upload_id": "upl_none"}).json()["code"] == "uploads.not_found"


def test_a_file_is_checked_in_the_background(program: TestClient, tmp_path: Path) -> None:
    (tmp_path / "pegs.jsonl").write_text('{"prompt": "a", "completion": "b"}\n{"prompt": "a"\n')
    begun = program.post("/api/v1/checks", json={"path": str(tmp_path / "pegs.jsonl")})
    assert begun.status_code == 202
    address = f"/api/v1/checks/{begun.json()['check_id']}"
    while (check := program.get(address).json())["state"] in ("waiting", "running"):
        time.sleep(0.01)
    assert (check["state"], check["file"], check["report"]["examples"]) == ("done", "pegs.jsonl", 1)
    assert check["report"]["findings"][0]["place"]["line"] == 2
    assert program.post(f"{address}/cancel").json()["state"] == "done"
    assert program.get("/api/v1/checks/check_0").status_code == 404
    assert program.post("/api/v1/checks", json={}).status_code == 422
