"""Telling a run what to do, from its page."""

from fastapi.testclient import TestClient

from luthier.workspace import Workspace
from tests.server.web.scenes import Scene

HTMX = {"hx-request": "true", "x-luthier": "1"}


def test_a_page_offers_what_is_possible_and_nothing_else(browser: TestClient, much: Scene) -> None:
    for state, possible in {
        "running": {"stop", "cancel"},
        "paused": {"resume", "cancel"},
        "failed": {"resume", "cancel"},
        "completed": set(),
        "cancelled": set(),
    }.items():
        run_id = much.runs[state].run_id
        page = browser.get(f"/runs/{run_id}/parts/header").text
        offered = {move for move in ("stop", "resume", "cancel") if f'hx-post="/runs/{run_id}/{move}"' in page}
        assert offered == possible, state


def test_stopping_answers_with_the_new_state(browser: TestClient, much: Scene, workspace: Workspace) -> None:
    run_id = much.runs["running"].run_id
    answer = browser.post(f"/runs/{run_id}/stop", headers=HTMX)
    assert answer.status_code == 200
    assert "stopping</span>" in answer.text
    assert workspace.runs.get(run_id).state.value == "pausing"


def test_what_is_not_possible_becomes_a_notice_on_the_page_that_asked(browser: TestClient, much: Scene) -> None:
    answer = browser.post(f"/runs/{much.runs['completed'].run_id}/stop", headers=HTMX)
    assert answer.status_code == 409
    assert answer.headers["hx-retarget"] == "#notices"
    assert "<html" not in answer.text
    assert "so it cannot stop" in answer.text


def test_a_form_of_another_site_is_refused(browser: TestClient, much: Scene, workspace: Workspace) -> None:
    run_id = much.runs["running"].run_id
    assert browser.post(f"/runs/{run_id}/cancel").status_code == 415
    assert workspace.runs.get(run_id).state.value == "running"


def test_cancelling_names_what_will_be_lost(browser: TestClient, much: Scene) -> None:
    page = browser.get(f"/runs/{much.runs['running'].run_id}").text
    assert "its checkpoints (118 MB) are thrown away" in page
