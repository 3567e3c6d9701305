"""Telling a run what to do, from its page."""

from fastapi.testclient import TestClient

from luthier.workspace import Workspace
from tests.server.web.scenes import Scene

MOVES = ("pause", "resume", "stop", "retry", "cancel", "clone")
HTMX = {"hx-request": "true", "x-luthier": "1"}


def test_a_page_offers_what_is_possible_and_nothing_else(browser: TestClient, much: Scene) -> None:
    for state, possible in {
        "running": {"pause", "stop", "cancel", "clone"},
        "paused": {"resume", "stop", "cancel", "clone"},
        "failed": {"resume", "retry", "cancel", "clone"},
        "completed": {"clone"},
        "cancelled": {"retry", "clone"},
    }.items():
        run_id = much.runs[state].run_id
        page = browser.get(f"/runs/{run_id}/parts/header").text
        offered = {move for move in MOVES if f'hx-post="/runs/{run_id}/{move}"' in page}
        assert offered == possible, state


def test_pausing_answers_with_the_new_state(browser: TestClient, much: Scene, workspace: Workspace) -> None:
    run_id = much.runs["running"].run_id
    answer = browser.post(f"/runs/{run_id}/pause", headers=HTMX)
    assert answer.status_code == 200
    assert "pausing</span>" in answer.text
    assert workspace.runs.get(run_id).state.value == "pausing"


def test_a_paused_run_shows_everything_there_is_to_know_before_it_goes_on(browser: TestClient, much: Scene) -> None:
    run_id = much.runs["paused"].run_id
    page = browser.get(f"/runs/{run_id}/parts/header").text
    for label in ("Step", "Trained for", "Time left", "Memory, at the pause", "Memory, peak", "Threads"):
        assert f"<dt>{label}</dt>" in page, label
    assert "34 of 60" in page and "1.1 to 1.6 min" in page
    assert "step 30" in page and "59.0 MB" in page
    assert f'hx-post="/runs/{run_id}/resume"' in page


def test_the_log_can_be_narrowed_to_warnings(browser: TestClient, much: Scene) -> None:
    run_id = much.runs["running"].run_id
    everything = browser.get(f"/runs/{run_id}/log?level=output").text
    assert "A library said something." in everything and "step 59" in everything
    warnings = browser.get(f"/runs/{run_id}/log?level=warning").text
    assert "three times its recent mean" in warnings and "step 59" not in warnings


def test_what_is_not_possible_becomes_a_notice_on_the_page_that_asked(browser: TestClient, much: Scene) -> None:
    answer = browser.post(f"/runs/{much.runs['completed'].run_id}/pause", headers=HTMX)
    assert answer.status_code == 409
    assert answer.headers["hx-retarget"] == "#notices"
    assert "<html" not in answer.text
    assert "so it cannot be paused" in answer.text


def test_a_form_of_another_site_is_refused(browser: TestClient, much: Scene, workspace: Workspace) -> None:
    run_id = much.runs["running"].run_id
    assert browser.post(f"/runs/{run_id}/cancel").status_code == 415
    assert workspace.runs.get(run_id).state.value == "running"


def test_cancelling_names_what_will_be_lost(browser: TestClient, much: Scene) -> None:
    page = browser.get(f"/runs/{much.runs['running'].run_id}").text
    assert "its checkpoints (118 MB) are thrown away" in page
