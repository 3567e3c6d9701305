import time
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from luthier.workspace import Workspace
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


def test_a_folder_is_indexed_in_pages_and_filtered(program: TestClient, folder: Path) -> None:
    (folder / "inn.md").write_text(bent("category: social", "category: rest"))
    (folder / "wrong.md").write_text(bent("Total: 13", "Total: 14"))
    first = program.get("/api/v1/scenarios", params={"path": str(folder), "limit": 2}).json()
    rest = program.get("/api/v1/scenarios", params={"path": str(folder), "cursor": first["next"]}).json()
    assert [entry["file"] for entry in first["items"] + rest["items"]] == ["ferry.md", "inn.md", "wrong.md"]
    for query, file in (({"category": "rest"}, "inn.md"), ({"findings": True, "category": "social"}, "wrong.md")):
        found = program.get("/api/v1/scenarios", params={"path": str(folder), **query}).json()["items"]
        assert [entry["file"] for entry in found][-1] == file


def test_a_scenario_is_begun_saved_and_changed_only_by_who_knows_it(program: TestClient, workspace: Workspace) -> None:
    assert program.get("/api/v1/scenarios").json() == {"items": [], "next": None}
    begun = program.post("/api/v1/scenarios/new", json={"template": "rest", "name": "../inn", "title": "Zum Bären"})
    assert begun.status_code == 201, begun.text
    assert Path(begun.json()["path"]) == workspace.folders.scenarios / "inn.md"
    taken = program.post("/api/v1/scenarios", json={"name": "inn.md", "text": GOOD})
    assert (taken.status_code, taken.json()["code"]) == (409, "scenarios.name_taken")
    saved = {"name": "inn.md", "text": GOOD, "replaces": begun.json()["sha256"]}
    assert program.post("/api/v1/scenarios", json=saved).json()["text"] == GOOD
    again = program.post("/api/v1/scenarios", json=saved)
    assert (again.status_code, again.json()["code"]) == (409, "scenarios.changed_meanwhile")
    assert [entry["title"] for entry in program.get("/api/v1/scenarios").json()["items"]] == ["The ferry"]


def test_files_outside_of_the_workspace_are_not_written(program: TestClient, folder: Path) -> None:
    untidy = GOOD.replace("# User\n\n", "# user\n")
    (folder / "ferry.md").write_text(untidy)
    told = program.post("/api/v1/scenarios/format", json={"path": str(folder)}).json()
    assert told == {"files": [{"file": "ferry.md", "changed": True}], "text": None}
    refused = program.post("/api/v1/scenarios/format", json={"path": str(folder), "write": True})
    assert (refused.status_code, refused.json()["code"]) == (409, "scenarios.not_own")
    assert (folder / "ferry.md").read_text() == untidy
    assert program.post("/api/v1/scenarios/format", json={"text": untidy}).json()["text"] == GOOD


def test_scenarios_of_the_workspace_are_laid_out_in_place(program: TestClient, workspace: Workspace) -> None:
    workspace.own_scenarios.save("ferry.md", GOOD.replace("# User\n\n", "# user\n"))
    path = str(workspace.folders.scenarios)
    program.post("/api/v1/scenarios/format", json={"path": path, "write": True})
    assert (workspace.folders.scenarios / "ferry.md").read_text() == GOOD


def test_variations_are_shown_and_many_become_a_dataset(program: TestClient, folder: Path) -> None:
    varied = program.post("/api/v1/scenarios/vary", json={"path": str(folder), "count": 3, "seed": 5}).json()
    assert [each["seed"] for each in varied] == [5, 6, 7]
    for each in varied:
        lines = each["text"].splitlines()
        assert each["changed"] and max(each["changed"]) <= len(lines)
        assert program.post("/api/v1/scenarios/check", json={"text": each["text"]}).json()["findings"] == []
    assert sorted(path.name for path in folder.iterdir()) == ["ferry.md"]
    wanted = {"path": str(folder), "name": "ferries", "scenarios": {"count": 9, "seed": 5}}
    job = program.post("/api/v1/imports", json=wanted).json()
    while (now := program.get(f"/api/v1/imports/{job['import_id']}").json())["state"] in ("waiting", "running"):
        time.sleep(0.01)
    assert now["state"] == "done", now
    made = program.get(f"/api/v1/datasets/{now['dataset_id']}").json()
    assert (made["examples"], made["made_by"]["parameters"]["scenarios"]["count"]) == (18, 9)


@pytest.mark.parametrize(
    "body", [{"count": 51, "path": "x"}, {"count": 0, "path": "x"}, {"seed": -1, "path": "x"}, {"path": ""}]
)
def test_too_many_variations_at_once_are_refused(program: TestClient, body: dict[str, object]) -> None:
    assert program.post("/api/v1/scenarios/vary", json=body).status_code == 422


def test_own_scenarios_are_renamed_removed_and_put_back(program: TestClient) -> None:
    program.post("/api/v1/scenarios", json={"name": "ford.md", "text": GOOD})
    renamed = program.post("/api/v1/scenarios/rename", json={"name": "ford.md", "new_name": "river/ferry.md"})
    assert (renamed.status_code, renamed.json()["text"]) == (200, GOOD)
    ferry = {"name": "river/ferry.md"}
    assert program.post("/api/v1/scenarios/remove", json=ferry).json() == ferry
    assert program.get("/api/v1/scenarios").json()["items"] == []
    assert program.get("/api/v1/scenarios/removed").json() == ["river/ferry.md"]
    back = program.post("/api/v1/scenarios/put-back", json=ferry)
    assert (back.status_code, back.json()["text"]) == (200, GOOD)
    missing = program.post("/api/v1/scenarios/remove", json={"name": "ford.md"})
    assert (missing.status_code, missing.json()["code"]) == (404, "scenarios.path_missing")
