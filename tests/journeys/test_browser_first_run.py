"""A person's way in the browser: bring a file, see what is found and planned, train, watch, chat with the result."""

import json
import re
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.builders.models import a_model_folder
from tests.server.web.visiting import Visitor

pytestmark = [pytest.mark.browser, pytest.mark.slow]

TRAINING_MS = 240_000  # a busy machine loads torch slowly


@pytest.fixture
def orders(tmp_path: Path) -> Path:
    path = tmp_path / "pegs.jsonl"
    rows = [{"prompt": f"{number} pegs", "completion": f"pegs: {number}"} for number in range(40)]
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return a_model_folder(tmp_path_factory.mktemp("base") / "tiny")


def to_the_last_step(page: Page, orders: Path, base: Path, **settings: str) -> None:
    """From the page Train, step by step, as somebody goes who reads each heading."""
    page.get_by_role("button", name="Continue").click()
    page.wait_for_url("**/data")
    page.get_by_role("radio", name="A file").check()
    page.get_by_label("Path on this machine").fill(str(orders))
    expect(page.locator("#data-found")).to_contain_text("prompt-completion")
    page.get_by_role("button", name="Continue").click()
    page.wait_for_url("**/model")
    page.get_by_label("Base model").fill(str(base))
    page.get_by_role("button", name="Continue").click()
    page.wait_for_url("**/settings")
    for label, value in settings.items():
        page.get_by_label(label.replace("_", " "), exact=True).fill(value)
    page.get_by_role("button", name="Continue").click()
    page.wait_for_url("**/review")
    page.get_by_label("Name of the run").fill("pegs")


def test_from_a_file_to_a_proven_model_that_can_be_chatted_with(visitor: Visitor, orders: Path, base: Path) -> None:
    page = visitor.page
    page.get_by_role("link", name="Train a model").click()
    to_the_last_step(page, orders, base, Most_steps="12")
    expect(page.locator("#plan-card")).to_contain_text("12 steps", timeout=TRAINING_MS)
    expect(page.locator("#review-preflight")).to_contain_text("What the model sees", timeout=TRAINING_MS)
    page.get_by_role("button", name="Start the run").click()
    page.wait_for_url("**/runs/run_*")
    expect(page.locator('[data-fact="step"]')).to_have_text("12 of 12", timeout=TRAINING_MS)
    expect(page.locator("#run-header .state").first).to_have_text("completed", timeout=TRAINING_MS)
    expect(page.locator(".uplot canvas")).to_be_visible()
    expect(page.locator("#run-preflight")).to_contain_text("What the model sees")
    expect(page.locator("#run-proof")).to_contain_text("Answers, before and after")

    page.get_by_role("link", name="Chat with it").click()
    page.wait_for_url(re.compile(r"/playground\?"))  # until it is loaded, Enter means nothing
    page.get_by_label("Most tokens").fill("8")
    page.get_by_label("Your message").fill("3 pegs")
    page.keyboard.press("Enter")
    for figures in page.locator("[data-figures]").all():
        expect(figures).to_contain_text("tok/s", timeout=TRAINING_MS)
    expect(page.locator(".turn-assistant")).to_have_count(2)


def test_a_run_can_be_stopped_and_resumed_where_it_was(visitor: Visitor, orders: Path, base: Path) -> None:
    page = visitor.page
    visitor.open("/train")
    to_the_last_step(page, orders, base, Most_steps="3000", Epochs="100")
    page.get_by_role("button", name="Start the run").click()
    page.wait_for_url("**/runs/run_*")
    expect(page.locator('[data-fact="step"]')).not_to_have_text("0 of", timeout=TRAINING_MS)
    expect(page.locator("#run-header .state").first).to_have_text("running", timeout=TRAINING_MS)
    page.get_by_role("button", name="Pause").click()
    expect(page.locator("#run-header .state").first).to_have_text("paused", timeout=TRAINING_MS)
    expect(page.locator("#run-checkpoints tbody tr").first).to_be_visible()
    page.get_by_role("button", name="Resume").click()
    expect(page.locator("#run-header .state").first).to_have_text("running", timeout=TRAINING_MS)
    page.get_by_role("button", name="Cancel", exact=True).click()
    page.get_by_role("button", name="Cancel the run").click()
    expect(page.locator("#run-header .state").first).to_have_text("cancelled", timeout=TRAINING_MS)


def test_a_file_with_a_bad_row_is_refused_with_its_place(visitor: Visitor, tmp_path: Path) -> None:
    page = visitor.page
    bad = tmp_path / "bad.jsonl"
    bad.write_text('{"prompt": "a", "completion": "b"}\n{"prompt": "c"\n{"prompt": "d", "completion": "e"}\n')
    visitor.open("/train")
    page.get_by_role("button", name="Continue").click()
    page.wait_for_url("**/data")
    page.get_by_role("radio", name="A file").check()
    page.get_by_label("Choose a file").set_input_files(bad)
    expect(page.locator("#data-found")).to_contain_text("line 2")
    expect(page.get_by_role("button", name=re.compile("^Import"))).to_be_disabled()
