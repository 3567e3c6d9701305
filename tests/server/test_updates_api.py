"""Newer versions as faces tell of them; the workspace of these tests was told to be offline."""

from fastapi.testclient import TestClient

from luthier import __version__
from luthier.workspace import Workspace

AT = "/api/v1/updates"


def test_what_is_known_is_told_without_asking(program: TestClient) -> None:
    assert program.get(AT).json()["running"] == __version__
    assert program.get(AT).json()["asked_at"] is None


def test_asking_in_vain_is_a_problem_with_a_sentence_and_is_remembered(program: TestClient) -> None:
    answer = program.post(f"{AT}/look")
    assert (answer.status_code, answer.json()["code"]) == (424, "updates.unknown")
    assert "stay offline" in program.get(AT).json()["problem"]


def test_every_page_says_that_a_newer_version_is_out(browser: TestClient, workspace: Workspace) -> None:
    assert "is out" not in browser.get("/runs").text
    workspace.folders.updates.write_text(f'{{"running": "{__version__}", "newer": {{"version": "9.0.0"}}}}')
    assert "9.0.0 is out" in browser.get("/runs").text
    page = browser.get("/settings").text
    assert "pip install --upgrade luthier" in page
    assert "Nothing is asked by itself." in page


def test_the_page_of_settings_tells_why_it_could_not_be_asked(browser: TestClient) -> None:
    answer = browser.post("/settings/updates/look", headers={"x-luthier": "1", "hx-request": "true"})
    assert answer.status_code == 200
    assert "stay offline" in answer.text


def test_without_scripts_it_is_asked_too_and_the_page_tells_what_came_of_it(browser: TestClient) -> None:
    answer = browser.post("/settings/updates/look", data={"x": ""})
    assert (answer.status_code, answer.headers["location"]) == (303, "/settings#updates")
    assert "in vain" in browser.get("/settings").text
