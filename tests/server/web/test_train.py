"""Starting a run from the browser: what is found, what is planned, and what is said when it cannot be."""

from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from tests.builders.models import a_model_folder
from tests.server.web.scenes import Scene

HTMX = {"hx-request": "true", "x-luthier": "1"}


def test_the_sample_task_is_checked_as_soon_as_the_page_opens(browser: TestClient) -> None:
    answer = browser.post("/train/check", data={"source": "sample"}, headers=HTMX)
    assert answer.status_code == 200
    assert "nothing found" in answer.text
    assert "messages" in answer.text
    assert 'hx-post="/train/plan"' in answer.text


def test_a_base_that_is_not_here_is_offered_to_be_fetched_and_not_fetched_unasked(browser: TestClient) -> None:
    answer = browser.post("/train/plan", data={"source": "sample", "base": "starter"}, headers=HTMX)
    assert "is not on this machine yet" in answer.text
    assert "Fetch it now" in answer.text


def test_a_file_with_errors_shows_where_they_are(browser: TestClient, tmp_path: Path) -> None:
    path = tmp_path / "orders.jsonl"
    path.write_text('{"prompt": "a", "completion": "b"}\n{"prompt": "c", "completion": ""}\n')
    answer = browser.post("/train/check", data={"source": "file", "path": str(path)}, headers=HTMX)
    assert answer.status_code == 200
    assert "1 error" in answer.text
    assert "row 2" in answer.text


def test_a_file_that_is_not_there_is_a_sentence_beside_the_form(browser: TestClient) -> None:
    answer = browser.post("/train/check", data={"source": "file", "path": "/no/such/orders.jsonl"}, headers=HTMX)
    assert answer.status_code == 200
    assert "There is no file or folder at /no/such/orders.jsonl." in answer.text
    assert "/train/plan" not in answer.text


@pytest.mark.parametrize(("source", "says"), [("dataset", "Choose a dataset"), ("file", "Give a file")])
def test_a_form_that_is_not_filled_in_yet_is_not_a_mistake(browser: TestClient, source: str, says: str) -> None:
    answer = browser.post("/train/check", data={"source": source}, headers=HTMX)
    assert says in answer.text
    assert "notice" not in answer.text


def test_a_dataset_shows_the_report_that_was_kept_with_it(browser: TestClient, little: Scene) -> None:
    answer = browser.post("/train/check", data={"source": "dataset", "dataset": little.dataset_id}, headers=HTMX)
    assert "This example stands in the file twice." in answer.text


@pytest.mark.parametrize(
    ("field", "value", "says"),
    [
        ("epochs", "many", "settings.epochs"),
        ("learning_rate", "5", "settings.learning_rate"),
        ("rank", "0", "adapter.rank"),
    ],
)
def test_a_setting_that_makes_no_sense_is_named_when_the_run_is_started(
    browser: TestClient, tmp_path: Path, field: str, value: str, says: str
) -> None:
    answer = browser.post("/train/start", data={"source": "sample", "base": str(tmp_path), field: value}, headers=HTMX)
    assert answer.status_code == 422
    assert answer.headers["hx-retarget"] == "#notices"
    assert says in answer.text


def test_a_folder_that_is_no_model_is_said_in_the_plan(browser: TestClient, tmp_path: Path) -> None:
    answer = browser.post("/train/plan", data={"source": "sample", "base": str(tmp_path)}, headers=HTMX)
    assert answer.status_code == 200
    assert "is not a model that Luthier can load" in answer.text


def test_the_plan_card_shows_what_memory_is_made_of_what_it_costs_and_what_else_could_be_done(
    browser: TestClient, tmp_path: Path
) -> None:
    base = a_model_folder(tmp_path / "base")
    answer = browser.post("/train/plan", data={"source": "sample", "base": str(base)}, headers=HTMX)
    assert answer.status_code == 200
    for part in ("activations", "optimiser", "framework"):
        assert f'<th scope="row">{part}</th>' in answer.text
    for words in ("Electricity", "CO2e", "Export", "Faster", "Cheaper", "Better", "RunPod"):
        assert words in answer.text


def test_a_profile_and_a_budget_of_the_form_reach_the_plan(browser: TestClient, tmp_path: Path) -> None:
    form = {"source": "sample", "base": str(a_model_folder(tmp_path / "base")), "profile": "code"}
    assert "LoRA learns code better with a high rank." in browser.post("/train/plan", data=form, headers=HTMX).text
    refused = browser.post("/train/plan", data={**form, "most_bytes": "1kB"}, headers=HTMX).text
    assert "cannot be met" in refused
    assert "chatbot: Conversations" in browser.get("/train").text
