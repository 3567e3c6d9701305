"""The rows of a draft are looked at in a process of their own: whatever becomes of it, the pages go on."""

from pathlib import Path

import pytest
from fastapi.testclient import TestClient
from playwright.sync_api import Browser, expect

import luthier
from luthier.domain.background import WorkState
from luthier.settings import Settings
from luthier.workspace import Workspace
from tests.builders.models import a_model_folder
from tests.server.web.previewing import looked_at, looking
from tests.server.web.visiting import visiting

BUTTON = {"sure": "yes"}  # any field makes a form of it, as a browser sends one


@pytest.fixture
def values(tmp_path: Path) -> dict[str, str]:
    source = tmp_path / "pegs.jsonl"
    source.write_text("".join(f'{{"prompt": "{n} pegs", "completion": "pegs: {n}"}}\n' for n in range(30)))
    return {"base": str(a_model_folder(tmp_path / "base")), "data": str(source)}


@pytest.fixture
def draft(workspace: Workspace, values: dict[str, str]) -> str:
    """Its address."""
    return f"/train/{workspace.drafts.begin(values).draft_id}"


def test_a_process_that_is_killed_is_told_of_and_the_rows_can_be_looked_at_again(
    browser: TestClient, draft: str
) -> None:
    assert "Looking at the rows" in browser.get(f"{draft}/review/preflight").text
    looking().kill()
    part = looked_at(browser, draft)
    assert "ended before it was done (signal 9)" in part and "Try again" in part
    assert browser.get("/runs").status_code == 200
    again = browser.post(f"{draft}/review/preflight/again", data=BUTTON)
    assert again.status_code == 303, again.text
    assert again.headers["location"] == f"{draft}/review?plan=true#review-preflight"
    assert "What the model sees" in looked_at(browser, draft)


def test_looking_can_be_called_off_which_ends_the_process_and_holds_until_it_is_asked_for(
    browser: TestClient, draft: str
) -> None:
    browser.get(f"{draft}/review/preflight")
    process = looking()
    process.suspend()
    browser.post(f"{draft}/review/preflight/cancel", data=BUTTON)
    assert "was called off" in looked_at(browser, draft)
    assert not process.is_running()
    assert "was called off" in browser.get(f"{draft}/review?plan=true").text
    browser.post(f"{draft}/review/preflight/again", data=BUTTON)
    assert "What the model sees" in looked_at(browser, draft)


def test_rows_are_looked_at_once_until_the_draft_says_something_else(
    browser: TestClient, workspace: Workspace, draft: str
) -> None:
    draft_id = draft.rpartition("/")[2]

    def preview_id() -> str:
        return workspace.previews.of(draft_id, workspace.drafts.recipe(workspace.drafts.get(draft_id))).preview_id

    looked_at(browser, draft)
    first = preview_id()
    workspace.drafts.change(draft_id, {"name": "another name"})
    assert preview_id() == first
    workspace.drafts.change(draft_id, {"settings.max_length": "64"})
    assert preview_id() != first
    assert "What the model sees" in looked_at(browser, draft)


def test_what_a_server_left_off_is_taken_up_when_the_page_is_opened_in_the_next(
    workspace_folder: Path, values: dict[str, str]
) -> None:
    settings = Settings(home=workspace_folder, offline=True)
    with luthier.open(settings=settings) as first:
        draft = first.drafts.begin(values)
        recipe = first.drafts.recipe(draft)
        left = first.previews.of(draft.draft_id, recipe)
        process = looking()
        process.suspend()
    assert not process.is_running()
    with luthier.open(settings=settings) as second:
        taken_up = second.previews.of(draft.draft_id, recipe)
        assert taken_up.preview_id == left.preview_id
        assert taken_up.state in (WorkState.WAITING, WorkState.RUNNING)


@pytest.mark.browser
def test_the_proof_comes_by_itself(chrome: Browser, workspace: Workspace, draft: str) -> None:
    with visiting(chrome, workspace) as visitor:
        visitor.open(f"{draft}/review")
        expect(visitor.page.locator("#review-preflight")).to_contain_text("What the model sees")


@pytest.mark.browser
def test_the_proof_comes_by_plain_links_without_scripts(chrome: Browser, workspace: Workspace, draft: str) -> None:
    with visiting(chrome, workspace) as visitor:
        state = visitor.page.context.storage_state()
        plain = chrome.new_context(java_script_enabled=False, storage_state=state)
        page = plain.new_page()
        page.goto(f"{visitor.url}{draft}/review")
        again = page.get_by_role("link", name="Look again")
        with page.expect_navigation():
            page.get_by_role("link", name="Show what the model sees").click()
        while again.count():
            with page.expect_navigation():  # a click returns before the page has changed
                again.click()
        expect(page.locator("#review-preflight")).to_contain_text("What the model sees")
        plain.close()
