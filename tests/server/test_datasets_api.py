import json
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient

from luthier.workspace import Workspace


def _rows(count: int = 5) -> str:
    rows = [{"prompt": f"Question {number}?", "completion": f"Answer {number}."} for number in range(count)]
    return "".join(json.dumps(row) + "\n" for row in rows)


@pytest.fixture
def examples(tmp_path: Path) -> Path:
    path = tmp_path / "questions.jsonl"
    path.write_text(_rows())
    return path


def test_a_file_of_this_machine_is_checked_then_imported_then_read(program: TestClient, examples: Path) -> None:
    report = program.post("/api/v1/datasets/check", json={"path": str(examples)}).json()
    assert (report["rows"], report["mapping"]["shape"]) == (5, "prompt-completion")
    made = program.post("/api/v1/datasets", json={"path": str(examples), "name": "questions"})
    assert made.status_code == 201
    assert made.json()["source"] == "questions.jsonl"
    assert str(examples.parent) not in made.text
    again = program.get("/api/v1/datasets/questions").json()
    assert again == made.json()
    rows = program.get("/api/v1/datasets/questions/rows?offset=3&limit=5").json()
    assert (rows["total"], [row["row"] for row in rows["rows"]]) == (5, [4, 5])


def test_a_file_that_is_sent_is_imported_and_not_kept(browser: TestClient, workspace: Workspace) -> None:
    files = {"file": ("C:\\fakepath\\my questions.jsonl", _rows())}
    form = {"name": "sent"}
    made = browser.post("/api/v1/datasets/upload", files=files, data=form, headers={"x-luthier": "1"})
    assert made.status_code == 201, made.text
    assert (made.json()["name"], made.json()["source"]) == ("sent", "my questions.jsonl")
    assert not list(workspace.folders.uploads.iterdir())
    assert browser.get("/api/v1/datasets").json()["items"][0]["name"] == "sent"


def test_a_file_with_errors_is_refused_with_the_place_of_the_first(browser: TestClient) -> None:
    content = _rows(3) + '{"prompt": "no answer"\n' + _rows(2)
    answer = browser.post("/api/v1/datasets/upload", files={"file": ("bad.jsonl", content)}, headers={"x-luthier": "1"})
    problem: dict[str, Any] = answer.json()
    assert (answer.status_code, problem["code"]) == (422, "datasets.has_errors")
    assert "4" in problem["detail"]
    assert "upl_" not in answer.text


def test_a_file_that_is_not_there_is_a_problem(program: TestClient) -> None:
    answer = program.post("/api/v1/datasets/check", json={"path": "/no/such/file.jsonl"})
    assert (answer.status_code, answer.json()["code"]) == (404, "datasets.file_missing")


def test_datasets_come_in_pages(program: TestClient, tmp_path: Path) -> None:
    for number in range(1, 4):
        path = tmp_path / f"set{number}.jsonl"
        path.write_text(_rows(number))
        assert program.post("/api/v1/datasets", json={"path": str(path)}).status_code == 201
    first = program.get("/api/v1/datasets?limit=2").json()
    second = program.get("/api/v1/datasets", params={"limit": 2, "cursor": first["next"]}).json()
    names = [dataset["name"] for dataset in first["items"] + second["items"]]
    assert sorted(names) == ["set1", "set2", "set3"] and second["next"] is None
