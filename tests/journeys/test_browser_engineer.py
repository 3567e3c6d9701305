"""An engineer's way in the browser: bring in a recipe, pin values, compare three runs, clone the best, mend a fault."""

import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
import torch
import yaml
from playwright.sync_api import Browser, Page, expect

from luthier.domain.recipes import HealthSpec
from luthier.domain.run_states import RunState
from luthier.engine.crash_points import CrashPoints, Moment
from luthier.engine.worker import run_attempt
from tests.builders.models import a_model_folder
from tests.orchestration.in_process import Workshop
from tests.server.web.visiting import visiting

pytestmark = [pytest.mark.browser, pytest.mark.slow]

RATES = {"slow": "0.000001", "middling": "0.0001", "fast": "0.01"}


@pytest.fixture
def workshop(tmp_path: Path) -> Iterator[Workshop]:
    torch.set_num_threads(1)
    workshop = Workshop(tmp_path / "home")
    yield workshop
    workshop.close()


@pytest.fixture
def recipe(tmp_path: Path) -> Path:
    """As a colleague would send it."""
    data = tmp_path / "pegs.jsonl"
    rows = [{"prompt": f"{number} pegs", "completion": f"pegs: {number}"} for number in range(40)]
    data.write_text("".join(json.dumps(row) + "\n" for row in rows))
    asked = {
        "name": "pegs",
        "base": str(a_model_folder(tmp_path / "base")),
        "data": str(data),
        "settings": {"max_steps": 12, "epochs": 20, "batch_size": 8, "evaluate_every": 12},
        "evaluation": {"scorer": "exact", "max_new_tokens": 2, "examples": 2, "samples": 0},
    }
    path = tmp_path / "pegs.yaml"
    path.write_text(yaml.safe_dump(asked))
    return path


def start_with(page: Page, name: str, rate: str) -> str:
    """From the wizard, which is filled by what it was opened with, to the page of the run; its id."""
    page.get_by_role("button", name="Settings").click()
    page.wait_for_url("**/settings")
    page.get_by_label("Learning rate", exact=True).fill(rate)
    page.get_by_role("button", name="Review").click()
    page.wait_for_url("**/review")
    page.get_by_label("Name of the run").fill(name)
    page.get_by_role("button", name="Start the run").click()
    page.wait_for_url(re.compile(r"/runs/run_\w+$"))
    return page.url.rpartition("/")[2]


def test_a_recipe_is_brought_in_pinned_three_ways_compared_and_the_best_is_cloned(
    chrome: Browser, workshop: Workshop, recipe: Path
) -> None:
    runs = workshop.workspace.runs
    with visiting(chrome, workshop.workspace) as visitor:
        page = visitor.page
        visitor.open("/presets")
        page.get_by_role("link", name="Bring one in").first.click()
        page.get_by_label("A recipe file").set_input_files(recipe)
        page.get_by_role("button", name="Look at it").click()
        page.get_by_role("button", name="Keep it as pegs").click()
        page.wait_for_url("**/presets/pegs")
        for name, rate in RATES.items():
            visitor.open("/presets")
            page.get_by_role("button", name="Train with pegs").click()
            run_id = start_with(page, f"pegs-{name}", rate)
            assert runs.get(run_id).recipe.settings["learning_rate"] == float(rate), "it was pinned"
            assert workshop.work(runs.get(run_id)).state is RunState.COMPLETED
            expect(page.locator("#run-header .state").first).to_have_text("completed")

        visitor.open("/runs?text=pegs")
        page.get_by_label("Compare pegs-slow").check()
        page.get_by_role("link", name="Loss", exact=True).click()
        page.wait_for_url("**sort=loss")
        expect(page.locator("#runs-table tbody tr").first).to_contain_text("pegs-fast")
        expect(page.get_by_label("Compare pegs-slow")).to_be_checked()
        for name in RATES:
            page.get_by_label(f"Compare pegs-{name}").check()
        page.get_by_role("button", name="Compare the chosen").click()
        page.wait_for_url("**/runs/compare?*")
        page.get_by_role("link", name="Training loss").click()
        page.wait_for_url("**sort=loss**")
        figures = page.get_by_role("region", name="Figures")
        expect(figures.locator("thead th").nth(1)).to_contain_text("pegs-fast")
        expect(page.locator("main")).to_contain_text("1e-06")
        page.get_by_role("button", name="New run like it (pegs-fast)").click()
        page.wait_for_url(re.compile(r"/runs/run_\w+$"))
        clone = runs.get(page.url.rpartition("/")[2])
        assert clone.recipe == runs.get("pegs-fast").recipe
        assert workshop.work(clone).loss == runs.get("pegs-fast").loss, "the same recipe learns the same"
        expect(page.locator("#run-header .state").first).to_have_text("completed")


class Breaks(CrashPoints):
    """A defect comes to light after some steps, when two checkpoints lie there."""

    def reach(self, moment: Moment) -> None:
        super().reach(moment)
        if moment == "after_step" and self._reached[moment] == 12:
            raise RuntimeError("a fault on purpose")


def breaks(run_folder: Path, number: int) -> bool:
    run_attempt(run_folder, number, Breaks())
    return False


def test_a_run_that_failed_goes_on_from_its_checkpoint_at_a_click(
    chrome: Browser, workshop: Workshop, tmp_path: Path
) -> None:
    run = workshop.queue(a_model_folder(tmp_path / "base"), HealthSpec(policy="off"), max_steps=20)
    with visiting(chrome, workshop.workspace) as visitor:
        page = visitor.page
        visitor.open(f"/runs/{run.run_id}")
        assert workshop.work(run, breaks).state is RunState.FAILED
        header = page.locator("#run-header")
        expect(header.locator(".state").first).to_have_text("failed")
        expect(header).to_contain_text("Why it is failed")
        page.reload()
        page.get_by_role("button", name="Go on from step 10, its newest checkpoint").click()
        expect(header.locator(".state").first).to_have_text("queued")
        assert workshop.work(run).state is RunState.COMPLETED
        expect(header.locator(".state").first).to_have_text("completed")
        expect(page.locator('[data-fact="step"]')).to_have_text("20 of 20")
        (resumed,) = [event for event in workshop.events(run, "run.state") if event.body["move"] == "resume"]
        assert resumed.body["step"] >= 10
