"""The examples of a draft are counted in a process of its own: the plan card says so, and outlives that process."""

import time
from pathlib import Path

import pytest
from fastapi.testclient import TestClient
from playwright.sync_api import Browser, expect

from luthier.domain.background import WorkState
from luthier.workspace import Workspace
from tests.builders.models import a_model_folder
from tests.server.web.previewing import counting, planned
from tests.server.web.visiting import visiting

BUTTON = {"sure": "yes"}  # any field makes a form of it, as a browser sends one


@pytest.fixture
def pegs(tmp_path: Path) -> Path:
    source = tmp_path / "pegs.jsonl"
    source.write_text("".join(f'{{"prompt": "{n} pegs", "completion": "pegs: {n}"}}\n' for n in range(40)))
    return source


@pytest.fixture
def draft(workspace: Workspace, pegs: Path, tmp_path: Path) -> str:
    """Its address."""
    values = {"base": str(a_model_folder(tmp_path / "base")), "data": str(pegs)}
    return f"/train/{workspace.drafts.begin(values, step='settings').draft_id}"


def test_the_card_says_that_it_measures_and_then_is_the_plan_of_the_library(
    browser: TestClient, workspace: Workspace, draft: str
) -> None:
    first = browser.get(f"{draft}/settings/plan").text
    assert "Measuring how long the examples are" in first and 'aria-busy="true"' in first
    card = planned(browser, draft)
    recipe = workspace.drafts.recipe(workspace.drafts.get(draft.rpartition("/")[2]))
    plan = workspace.plans.make(recipe)
    assert workspace.live_plans.wait(recipe).settings == plan.settings
    assert f"<small>{plan.total_steps} step" in card


def test_a_setting_is_planned_without_measuring_again(browser: TestClient, workspace: Workspace, draft: str) -> None:
    planned(browser, draft)
    draft_id = draft.rpartition("/")[2]
    changed = workspace.drafts.change(draft_id, {"settings.max_steps": "7"})
    live = workspace.live_plans.of(draft_id, workspace.drafts.recipe(changed))
    assert live.plan is not None and live.plan.total_steps == 7
    assert live.counting.state is WorkState.DONE


def test_a_process_that_is_killed_is_a_sentence_on_the_card_and_can_be_begun_again(
    browser: TestClient, draft: str
) -> None:
    browser.get(f"{draft}/settings/plan")
    counting().kill()
    card = planned(browser, draft)
    assert "ended before it was done (signal 9)" in card and "Measure again" in card
    assert browser.get(f"{draft}/settings").status_code == 200
    assert browser.post(f"{draft}/plan/again", data=BUTTON).status_code == 303
    assert "Electricity" in planned(browser, draft)


def test_measuring_can_be_called_off_which_ends_its_process_and_holds(browser: TestClient, draft: str) -> None:
    browser.get(f"{draft}/settings/plan")
    process = counting()
    process.suspend()
    browser.post(f"{draft}/plan/cancel", data=BUTTON)
    assert "was called off" in planned(browser, draft)
    assert not process.is_running()
    browser.post(f"{draft}/plan/again", data=BUTTON)
    assert "Electricity" in planned(browser, draft)


def test_other_examples_give_up_what_was_measured_before_they_were_chosen(
    browser: TestClient, workspace: Workspace, draft: str, pegs: Path
) -> None:
    browser.get(f"{draft}/settings/plan")
    process = counting()
    process.suspend()
    other = pegs.with_name("dowels.jsonl")
    other.write_text("".join(f'{{"prompt": "{n} dowels", "completion": "dowels: {n}"}}\n' for n in range(30)))
    workspace.drafts.change(draft.rpartition("/")[2], {"data": str(other)})
    assert "of 30" in planned(browser, draft)
    process.wait(60)


def test_what_was_measured_is_remembered_by_the_next_server(workspace: Workspace, draft: str) -> None:
    draft_id = draft.rpartition("/")[2]
    recipe = workspace.drafts.recipe(workspace.drafts.get(draft_id))
    while workspace.live_plans.of(draft_id, recipe).plan is None:
        time.sleep(0.05)
    second = Workspace(workspace.settings, workspace.clock)
    try:
        assert second.live_plans.of(draft_id, recipe).plan is not None
    finally:
        second.close()


def test_examples_with_errors_are_a_sentence_on_the_card(browser: TestClient, draft: str, pegs: Path) -> None:
    pegs.write_text('{"prompt": "a", "completion": ""}\n')
    assert "cannot be trained on" in planned(browser, draft) or "problem" in planned(browser, draft)


@pytest.mark.browser
def test_the_plan_comes_by_itself(chrome: Browser, workspace: Workspace, draft: str) -> None:
    with visiting(chrome, workspace) as visitor:
        visitor.open(f"{draft}/settings")
        expect(visitor.page.locator("#plan-card")).to_contain_text("Electricity")
