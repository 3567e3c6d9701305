"""Several values from the last step of the wizard, by plain forms: a forecast first, and nothing queued by halves."""

from pathlib import Path

import pytest
from fastapi.testclient import TestClient
from playwright.sync_api import Browser, expect

from luthier.workspace import Workspace
from tests.builders.models import a_model_folder
from tests.server.web.visiting import visiting


@pytest.fixture
def draft(tmp_path: Path, workspace: Workspace) -> str:
    """The address of one that could be started."""
    source = tmp_path / "pegs.jsonl"
    source.write_text("".join(f'{{"prompt": "{n} pegs", "completion": "pegs: {n}"}}\n' for n in range(30)))
    base = a_model_folder(tmp_path / "base")
    values = {"base": str(base), "data": str(source), "settings.max_steps": "3"}
    return f"/train/{workspace.drafts.begin(values).draft_id}"


def asked(setting: str, values: str) -> dict[str, str]:
    return {"setting": setting, "values": values}


def test_a_forecast_shows_every_run_and_their_sum_and_queues_nothing(
    browser: TestClient, workspace: Workspace, draft: str
) -> None:
    page = browser.get(f"{draft}/review", params=asked("settings.max_steps", "2, 4 ,8")).text
    assert all(f"max_steps={steps}" in page for steps in (2, 4, 8))
    assert "All 3 runs" in page and "Start 3 runs" in page
    assert workspace.runs.list() == []


def test_a_start_by_a_plain_form_leads_to_the_sweep_and_a_second_click_to_the_same(
    browser: TestClient, workspace: Workspace, draft: str
) -> None:
    first = browser.post(f"{draft}/sweep", data=asked("settings.learning_rate", "1e-4,3e-4"))
    again = browser.post(f"{draft}/sweep", data=asked("settings.learning_rate", "1e-4,3e-4"))
    address = first.headers["location"]
    assert address.startswith("/runs/sweeps/sweep_")
    assert again.headers["location"] == address == browser.get(draft).headers["location"]
    runs = workspace.runs.of_sweep(address.rpartition("/")[2])
    assert [run.recipe.settings["learning_rate"] for run in runs] == [1e-4, 3e-4]
    assert len(workspace.runs.list()) == 2
    assert "learning_rate=0.0003" in browser.get(address).text


@pytest.mark.parametrize(
    ("setting", "values", "says"),
    [
        ("settings.learning_rate", "1e-4", "needs at least two values that differ"),
        ("settings.learning_rate", "1e-4,7", "learning_rate"),
        ("settings.max_steps", "1,2,3,4,5,6,7,8,9", "9 values were given, and this form takes 8 at most"),
        ("", "1,2", "no setting was chosen"),
    ],
)
def test_what_cannot_be_tried_is_said_beside_what_was_typed(
    browser: TestClient, draft: str, setting: str, values: str, says: str
) -> None:
    answer = browser.get(f"{draft}/review", params=asked(setting, values))
    assert answer.status_code == 200
    assert says in answer.text and f'value="{values}"' in answer.text
    assert "Start " not in answer.text.partition('id="sweep"')[2].partition("</details>")[0]


@pytest.mark.browser
def test_three_values_become_three_runs_in_the_browser(chrome: Browser, workspace: Workspace, draft: str) -> None:
    with visiting(chrome, workspace) as visitor:
        page = visitor.page
        visitor.open(f"{draft}/review")
        page.get_by_text("Try several values").click()
        page.get_by_label("Setting", exact=True).select_option(label="Adapter rank")
        page.get_by_label("Values", exact=True).fill("4, 8, 16")
        page.get_by_role("button", name="Show the forecast").click()
        page.get_by_role("button", name="Start 3 runs").click()
        page.wait_for_url("**/runs/sweeps/*")
        expect(page.get_by_role("link", name="rank=16", exact=True)).to_be_visible()
