"""Drafts, presets and models over HTTP: the same services as the pages."""

import json
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from luthier.orchestration.launch import supervisor_lock
from luthier.workspace import Workspace
from tests.builders.models import a_model_folder


@pytest.fixture
def pegs(tmp_path: Path) -> str:
    path = tmp_path / "pegs.jsonl"
    path.write_text("".join(json.dumps({"prompt": f"{n} pegs", "completion": f"{n}"}) + "\n" for n in range(30)))
    return str(path)


def test_a_draft_is_changed_planned_and_started(
    program: TestClient, workspace: Workspace, pegs: str, tmp_path: Path
) -> None:
    draft = program.post("/api/v1/drafts", json={"values": {"data": pegs}}).json()["draft_id"]
    base = str(a_model_folder(tmp_path / "base"))
    program.put(f"/api/v1/drafts/{draft}", json={"values": {"base": base, "settings.max_steps": "x"}})
    refused = program.get(f"/api/v1/drafts/{draft}/plan")
    assert (refused.status_code, refused.json()["code"]) == (422, "recipes.invalid")
    program.put(f"/api/v1/drafts/{draft}", json={"values": {"settings.max_steps": 3}})
    assert program.get(f"/api/v1/drafts/{draft}/plan").json()["total_steps"] == 3
    with supervisor_lock(workspace.folders):
        started = program.post(f"/api/v1/drafts/{draft}/start", json={})
        assert program.post(f"/api/v1/drafts/{draft}/start", json={}).json()["run_id"] == started.json()["run_id"]
    assert program.get("/api/v1/drafts").json()["items"] == []


def test_a_draft_that_is_gone_is_not_found(program: TestClient) -> None:
    draft = program.post("/api/v1/drafts", json={}).json()["draft_id"]
    assert program.delete(f"/api/v1/drafts/{draft}").status_code == 204
    assert program.get(f"/api/v1/drafts/{draft}").json()["code"] == "drafts.not_found"


def test_a_preset_goes_out_and_comes_back(program: TestClient) -> None:
    recipe = {"data": "orders.jsonl", "settings": {"epochs": 2}, "adapter": {"kind": "dora", "rank": 8}}
    saved = program.post("/api/v1/recipes", json={"name": "chat", "recipe": recipe, "tags": ["german"]})
    assert (saved.status_code, saved.json()["version"]) == (201, 1)
    for form in ("yaml", "json"):
        text = program.get(f"/api/v1/recipes/chat/export?format={form}").text
        sent = {"file": f"x.{form}", "text": text, "name": f"chat-{form}"}
        brought = program.post("/api/v1/recipes/import", json=sent).json()
        assert brought["recipe"] == saved.json()["recipe"]
    assert len(program.get("/api/v1/recipes").json()["items"]) == 3
    assert [each["name"] for each in program.get("/api/v1/recipes?tag=german").json()["items"]] == ["chat"]
    assert program.put("/api/v1/recipes/chat/tags", json={"tags": []}).json()["tags"] == []
    assert program.post("/api/v1/recipes/chat/apply", json={}).json()["values"]["adapter.rank"] == 8
    assert program.delete("/api/v1/recipes/chat").status_code == 200
    assert program.get("/api/v1/recipes/chat").status_code == 404


def test_a_recipe_file_is_checked_without_being_kept(program: TestClient) -> None:
    sent = {"file": "x.yaml", "text": "data: a\nsettings:\n  epochs: 0\n"}
    findings = program.post("/api/v1/recipes/check", json=sent).json()["findings"]
    assert [(found["place"]["line"], found["setting"]) for found in findings] == [(3, "settings.epochs")]
    assert program.post("/api/v1/recipes/import", json=sent).json()["code"] == "recipes.invalid"
    assert program.get("/api/v1/recipes").json()["items"] == []


@pytest.mark.parametrize("source", [{}, {"run": "a", "draft": "b"}])
def test_a_preset_is_saved_from_exactly_one_thing(program: TestClient, source: dict[str, str]) -> None:
    assert program.post("/api/v1/recipes", json={"name": "chat", **source}).status_code == 422


def test_models_are_searched_and_downloads_told_of(program: TestClient) -> None:
    found = program.get("/api/v1/models/search?text=qwen&fits_only=true&ask_hub=true").json()
    assert {card["fit"]["verdict"] for card in found["cards"]} <= {"fits", "four-bits"}
    assert "stay offline" in found["hub_problem"]
    begun = program.post("/api/v1/models/downloads", json={"model": "some/model"})
    assert begun.status_code == 202
    address = f"/api/v1/models/downloads/{begun.json()['download_id']}"
    assert program.get(address).json()["model"] == "some/model"
    assert program.post("/api/v1/models/downloads", json={"model": "/etc"}).json()["code"] == "models.not_found"
    assert len(program.get("/api/v1/models/downloads").json()["items"]) == 1
