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


def test_the_page_invites_to_score_and_then_shows_pictures_and_rows(browser: TestClient, orders: str) -> None:
    before = browser.get(f"/datasets/{orders}/quality").text
    assert "Not scored yet" in before and "examples-title" not in before
    drawn = browser.post(f"/datasets/{orders}/quality", data={"base": ""}, headers={"x-luthier": "1"}).text
    assert "<rect" in drawn and "template.marker" in drawn and "<html" not in drawn
    after = browser.get(f"/datasets/{orders}/quality?reason=template.marker").text
    assert "chat templates write themselves" in after and "[INST]" in after
    for page in (before, drawn, after):
        assert "style=" not in page and "None" not in page and "{{" not in page
    assert f"/datasets/{orders}/quality" in browser.get(f"/datasets/{orders}").text


def test_what_a_row_says_is_text_on_the_page_and_never_markup(
    browser: TestClient, workspace: Workspace, tmp_path: Path
) -> None:
    path = tmp_path / "evil.jsonl"
    path.write_text(json.dumps({"prompt": "Hi", "completion": "<script>alert(1)</script> [INST]"}) + "\n")
    made = workspace.datasets.import_file(str(path)).dataset_id
    workspace.quality.score(made)
    page = browser.get(f"/datasets/{made}/quality").text
    assert "<script>alert" not in page and "&lt;script&gt;alert" in page
