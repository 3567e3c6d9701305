"""Plans over HTTP: parts, budget, alternatives, profiles, and what runs have taught."""

from pathlib import Path
from typing import Any

import orjson
import pytest
from fastapi.testclient import TestClient

from tests.builders.models import a_model_folder


@pytest.fixture
def recipe(tmp_path: Path) -> dict[str, Any]:
    data = tmp_path / "pairs.jsonl"
    data.write_bytes(b"\n".join(orjson.dumps({"prompt": f"{i} oak", "completion": str(i)}) for i in range(40)))
    return {"data": str(data), "base": str(a_model_folder(tmp_path / "base"))}


def test_a_plan_has_its_parts_its_costs_and_three_alternatives(program: TestClient, recipe: dict[str, Any]) -> None:
    plan = program.post("/api/v1/plans", json={**recipe, "profiles": ["code"]}).json()
    assert {part["name"] for part in plan["memory"]["components"]} >= {"weights", "activations", "logits"}
    assert plan["costs"]["electricity"]["currency"] == "EUR"
    assert [other["name"] for other in plan["alternatives"]] == ["faster", "cheaper", "better"]
    assert plan["adapter"]["rank"] == 64


def test_a_budget_that_cannot_be_met_is_refused_with_what_would_do(program: TestClient, recipe: dict[str, Any]) -> None:
    answer = program.post("/api/v1/plans", json={**recipe, "budget": {"size": "1kB"}})
    problem = answer.json()
    assert answer.status_code >= 400
    assert problem["code"] == "plans.over_budget"
    assert "--limit size=" in problem["actions"][0]["command"]


def test_profiles_and_what_runs_taught_can_be_read(program: TestClient) -> None:
    names = [profile["name"] for profile in program.get("/api/v1/plans/profiles").json()]
    assert names[0] == "chatbot"
    assert program.get("/api/v1/plans/calibration").json() == {
        "calibration": {"runs": 0, "memory_factor": 1.0, "duration_factor": 1.0},
        "compared": [],
    }
