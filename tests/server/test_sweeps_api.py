"""Sweeps over the API, on a base that is made here; what is queued is called off at once."""

from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from luthier.domain.run_states import RunState
from luthier.domain.sweeps import SweepMember
from luthier.store import Store
from luthier.workspace import Workspace
from tests.builders import a_run
from tests.builders.models import a_model_folder


@pytest.fixture
def recipe(tmp_path: Path, workspace: Workspace) -> dict[str, object]:
    source = tmp_path / "orders.jsonl"
    source.write_text("\n".join(f'{{"prompt": "{n} of oak", "completion": "{n} oak"}}' for n in range(30)))
    return {"base": str(a_model_folder(tmp_path / "base")), "data": str(source)}


def test_a_sweep_is_a_run_for_each_value_in_one_group(program: TestClient, recipe: dict[str, object]) -> None:
    asked = {"recipe": recipe, "values": {"settings.learning_rate": [1e-4, 3e-4]}}
    answer = program.post("/api/v1/runs/sweeps", json=asked)
    assert answer.status_code == 201, answer.text
    runs = answer.json()
    assert [run["recipe"]["settings"]["learning_rate"] for run in runs] == [1e-4, 3e-4]
    assert [run["name"] for run in runs] == ["orders, learning_rate=0.0001", "orders, learning_rate=0.0003"]
    (sweep_id,) = {run["sweep"]["sweep_id"] for run in runs}
    found = program.get(f"/api/v1/runs/sweeps/{sweep_id}").json()
    assert [run["run_id"] for run in found] == [run["run_id"] for run in runs]
    for run in runs:
        program.post(f"/api/v1/runs/{run['run_id']}/cancel")


def test_nothing_is_queued_when_one_value_of_a_sweep_is_wrong(program: TestClient, recipe: dict[str, object]) -> None:
    asked = {"recipe": recipe, "values": {"settings.learning_rate": [1e-4, 3.0]}}
    answer = program.post("/api/v1/runs/sweeps", json=asked)
    assert answer.status_code == 422 and "learning_rate" in answer.json()["detail"]
    assert program.get("/api/v1/runs").json()["items"] == []


@pytest.fixture
def eight(store: Store) -> str:
    """The id of a sweep of eight runs; the one of seed 5 has the lowest loss."""
    with store.writing() as tx:
        for seed in range(8):
            member = SweepMember(sweep_id="sweep_1", values={"settings.seed": seed})
            loss = 1.0 + abs(seed - 5)
            tx.runs.add(a_run(name=f"run of seed {seed}", state=RunState.COMPLETED, sweep=member, loss=loss))
        tx.runs.add(a_run(name="alone", state=RunState.COMPLETED))
    return "sweep_1"


def test_the_page_of_a_run_leads_to_that_of_its_sweep_which_shows_every_member(browser: TestClient, eight: str) -> None:
    (run, *_) = browser.get(f"/api/v1/runs/sweeps/{eight}").json()
    link = f"/runs/sweeps/{eight}"
    assert link in browser.get(f"/runs/{run['run_id']}").text
    page = browser.get(link).text
    assert "A sweep of 8 runs" in page and "alone" not in page
    assert all(f"seed={seed}</a>" in page for seed in range(8))
    assert page.count('class="best"') == 1
    assert "Curves of the first 5 in this order" in page


def test_a_sweep_is_sorted_by_what_its_runs_reached(program: TestClient, eight: str) -> None:
    compared = program.get(f"/api/v1/runs/sweeps/{eight}/comparison?sort=loss").json()
    assert [run["name"][-1] for run in compared["runs"]][:3] == ["5", "4", "6"]
    (loss,) = [metric for metric in compared["metrics"] if metric["name"] == "loss"]
    assert loss["best"] == [0] and len(loss["values"]) == 8


@pytest.mark.parametrize("address", ["/runs/sweeps/sweep_9", "/api/v1/runs/sweeps/sweep_9/comparison"])
def test_a_sweep_that_is_not_there_is_a_sentence(browser: TestClient, address: str) -> None:
    answer = browser.get(address)
    assert answer.status_code == 404 and "no sweep sweep_9" in answer.text
