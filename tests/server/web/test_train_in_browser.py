"""The wizard on a slow machine and in a hurry: nothing that a person does is lost, and nothing moves away."""

import json
import re
from pathlib import Path

import pytest
from playwright.sync_api import Route, expect

from luthier.workspace import Workspace
from tests.builders.gguf_files import a_gguf_file
from tests.builders.models import a_model_folder
from tests.server.web.visiting import Visitor

pytestmark = pytest.mark.browser


def test_a_choice_that_is_made_before_the_page_is_alive_counts(visitor: Visitor) -> None:
    page = visitor.page
    held: list[Route] = []
    page.route("**/*.js", lambda route: held.append(route))
    page.goto(visitor.url + "/train", wait_until="commit")
    page.get_by_role("button", name="Continue").click(no_wait_after=True)
    page.wait_for_url("**/data", wait_until="commit")
    page.get_by_role("radio", name="A dataset").check()
    expect(page.get_by_label("Path on this machine")).to_be_hidden()
    page.get_by_role("radio", name="A file").check()
    expect(page.get_by_label("Path on this machine")).to_be_visible()
    page.unroute_all(behavior="ignoreErrors")


def test_what_is_typed_is_kept_when_somebody_goes_elsewhere_and_comes_back(
    visitor: Visitor, tmp_path: Path, workspace: Workspace
) -> None:
    page = visitor.page
    base = a_model_folder(tmp_path / "base")
    visitor.open("/train?source=sample")
    page.get_by_role("button", name="Model").click()
    page.wait_for_url("**/model")
    page.get_by_label("Base model").fill(str(base))
    page.get_by_role("button", name="Settings").click()
    page.get_by_label("Epochs", exact=True).fill("40")
    expect(page.locator("#why-settings-epochs")).to_contain_text("by heart")
    expect(page.locator("#plan-card")).to_contain_text(re.compile("1.520 steps"))
    visitor.open("/datasets")
    visitor.open("/train")
    page.get_by_role("link", name=re.compile("workshop-orders|train.jsonl")).click()
    expect(page.get_by_label("Epochs", exact=True)).to_have_value("40")
    page.locator("#why-settings-epochs").get_by_role("button", name="Let the planner decide").click()
    expect(page.get_by_label("Epochs", exact=True)).to_have_value("")
    expect(page.get_by_label("Learning rate")).to_have_value("0.001")


def test_the_way_through_the_steps_needs_no_mouse(visitor: Visitor) -> None:
    page = visitor.page
    visitor.open("/train")
    page.get_by_role("radio", name="Anything").focus()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Enter")
    page.wait_for_url("**/data")
    page.get_by_role("button", name="Review").focus()
    page.keyboard.press("Enter")
    page.wait_for_url("**/review")
    expect(page.get_by_text("Chatbot", exact=False).first).to_be_visible()


def test_a_file_that_is_dropped_is_checked_mended_and_imported(visitor: Visitor, tmp_path: Path) -> None:
    page = visitor.page
    path = tmp_path / "pegs.jsonl"
    path.write_text("".join(json.dumps({"prompt": f"{n} pegs", "completion": f"pegs: {n}"}) + "\n" for n in range(40)))
    visitor.open("/train")
    page.get_by_role("button", name="Continue").click()
    page.wait_for_url("**/data")
    page.get_by_role("radio", name="A file").check()
    page.get_by_label("Choose a file").set_input_files(path)
    page.get_by_role("button", name="Import 40 examples").click()
    expect(page.get_by_label("Dataset", exact=True)).to_be_visible()
    expect(page.get_by_label("Dataset", exact=True).locator("option:checked")).to_contain_text("pegs@1")
    expect(page.locator("#data-found")).to_contain_text("40")


def test_a_model_is_chosen_from_the_list(visitor: Visitor, workspace: Workspace) -> None:
    page = visitor.page
    visitor.open("/train?source=sample")
    page.get_by_role("button", name="Model").click()
    page.wait_for_url("**/model")
    page.get_by_role("searchbox", name="Search").fill("0.5B")
    expect(page.locator(".model-table tbody tr")).to_have_count(1)
    page.get_by_role("button", name="Choose Qwen/Qwen2.5-0.5B-Instruct").click()
    expect(page.get_by_label("Base model")).to_have_value("Qwen/Qwen2.5-0.5B-Instruct")
    expect(page.locator("#plan-card")).to_contain_text("not on this machine yet")


def test_a_gguf_file_becomes_a_base_by_a_click_and_then_there_is_a_plan(visitor: Visitor, workspace: Workspace) -> None:
    a_gguf_file(workspace.folders.models / "mine.gguf")
    page = visitor.page
    visitor.open("/train?source=sample")
    page.get_by_role("button", name="Model").click()
    page.wait_for_url("**/model")
    page.get_by_role("button", name="Choose mine.gguf").click()
    expect(page.locator("#plan-card")).to_contain_text("still quantised")
    page.get_by_role("button", name="Turn it into 16 bits now").click()
    expect(page.locator("#plan-card")).to_contain_text("Electricity", timeout=60_000)
    assert workspace.models.is_here("mine.gguf")
