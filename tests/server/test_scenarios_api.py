from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from tests.data.scenarios.builders import GOOD, bent


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "scenes"
    made.mkdir()
    (made / "ferry.md").write_text(GOOD)
    return made


def test_a_text_that_is_being_written_is_checked(program: TestClient) -> None:
    report = program.post("/api/v1/scenarios/check", json={"text": bent("Total: 13", "Total: 14")}).json()
    (finding,) = report["findings"]
    assert (finding["code"], finding["place"]["line"], finding["place"]["character"]) == (
        "scenario.total_wrong",
        47,
        10,
    )
    assert report["entries"][0]["title"] == "The ferry"


def test_a_folder_of_this_machine_is_checked_and_kept(program: TestClient, folder: Path) -> None:
    report = program.post("/api/v1/scenarios/check", json={"path": str(folder)}).json()
    assert (len(report["entries"]), report["findings"]) == (1, [])
    made = program.post("/api/v1/scenarios/convert", json={"path": str(folder), "name": "scenes"})
    assert made.status_code == 201, made.text
    assert (made.json()["examples"], made.json()["source"]) == (2, "scenes")
    rows = program.get("/api/v1/datasets/scenes/rows").json()["rows"]
    assert rows[0]["messages"][-1]["tool_calls"][0]["name"] == "roll"


def test_scenarios_with_errors_are_refused_with_the_first_place(program: TestClient, folder: Path) -> None:
    (folder / "ferry.md").write_text(bent("Total: 13", "Total: 14"))
    answer = program.post("/api/v1/scenarios/convert", json={"path": str(folder)})
    assert (answer.status_code, answer.json()["code"]) == (422, "scenarios.have_errors")
    assert "line 47" in answer.json()["detail"]


@pytest.mark.parametrize("body", [{}, {"text": "a", "path": "b"}, {"path": ""}, {"text": 3}])
def test_a_request_names_one_source(program: TestClient, body: dict[str, object]) -> None:
    assert program.post("/api/v1/scenarios/check", json=body).status_code == 422


def test_templates_are_listed_and_given(program: TestClient) -> None:
    listed = program.get("/api/v1/scenarios/templates").json()
    assert sum(1 for item in listed if item["is_template"]) == 6
    example = next(item["name"] for item in listed if not item["is_template"])
    assert program.get(f"/api/v1/scenarios/templates/{example}").json()["text"].startswith("---\ntitle: ")
    missing = program.get("/api/v1/scenarios/templates/..%2F..%2Fgrammar")
    assert (missing.status_code, missing.json()["code"]) == (404, "scenarios.template_unknown")
