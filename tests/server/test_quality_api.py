"""Scores over HTTP: the same words as everywhere, and bounds on what can be asked."""

import json
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from luthier.workspace import Workspace
from tests.data.quality.planted import Speaker
from tests.server.jobs import ended


@pytest.fixture
def orders(workspace: Workspace, tmp_path: Path) -> str:
    speaker = Speaker()
    items = [{"prompt": speaker.sentence(end="?"), "completion": speaker.text()} for _ in range(30)]
    items[4]["completion"] += " [INST]"
    path = tmp_path / "orders.jsonl"
    path.write_text("".join(json.dumps(item) + "\n" for item in items))
    return workspace.datasets.import_file(str(path)).dataset_id


def test_a_dataset_is_scored_and_its_examples_are_read(program: TestClient, orders: str) -> None:
    address = f"/api/v1/datasets/{orders}/quality"
    for path in (address, f"{address}/examples"):
        early = program.get(path)
        assert (early.status_code, early.json()["code"]) == (404, "quality.not_scored")
    assert ended(program, program.post(address, json={}))["state"] == "done"
    report = program.get(address).json()
    assert (report["examples"], [each["code"] for each in report["reasons"]]) == (30, ["template.marker"])
    page = program.get(f"{address}/examples?reason=template&limit=5").json()
    assert (page["total"], page["items"][0]["row"]) == (1, 5)
    assert "[INST]" in page["items"][0]["reasons"][0]["sentence"]


def test_leaks_are_looked_for_in_what_is_named_and_reported_apart(program: TestClient, orders: str) -> None:
    address = f"/api/v1/datasets/{orders}/quality"
    assert ended(program, program.post(address, json={"against": "orders"}))["state"] == "done"
    against = program.get(address, params={"against": "orders"}).json()
    assert {each["code"]: each["examples"] for each in against["reasons"]}["leak.exact"] == 30
    assert program.get(address).status_code == 404


def test_wrong_wishes_are_refused_with_a_sentence(program: TestClient, orders: str) -> None:
    unknown = program.get(f"/api/v1/datasets/{orders}/quality/examples?reason=ugly")
    assert unknown.json()["code"] == "quality.reason_unknown" and 400 <= unknown.status_code < 500
    assert program.get("/api/v1/datasets/none/quality/examples").status_code == 404
    assert program.post("/api/v1/datasets/none/quality", json={}).status_code == 404
    assert 400 <= program.post(f"/api/v1/datasets/{orders}/quality", json={"max_length": 0}).status_code < 500
