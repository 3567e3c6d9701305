"""A person's way with a folder of scenarios: see what is wrong, mend it while it is checked, vary, make a dataset."""

from pathlib import Path

import pytest
from playwright.sync_api import expect

from luthier.workspace import Workspace
from tests.data.hostile.archives import zipped
from tests.data.scenarios.builders import GOOD, bent
from tests.server.web.visiting import Visitor

pytestmark = [pytest.mark.browser, pytest.mark.slow]

PATIENCE_MS = 30_000


def test_a_folder_is_sent_mended_varied_and_becomes_a_dataset(
    visitor: Visitor, workspace: Workspace, tmp_path: Path
) -> None:
    page = visitor.page
    inn = bent("category: social", "category: rest").encode()
    sent = tmp_path / "river.zip"
    sent.write_bytes(zipped(("ferry.md", bent("Total: 13", "Total: 14").encode()), ("deep/inn.md", inn)))

    visitor.open("/datasets")
    page.get_by_role("link", name="Scenarios").click()
    expect(page.get_by_text("No scenarios in this workspace yet")).to_be_visible()
    page.locator("#sent").set_input_files(sent)
    page.wait_for_url("**/scenarios?path=*", timeout=PATIENCE_MS)
    expect(page.get_by_role("heading", name="2 scenarios")).to_be_visible()
    expect(page.get_by_role("button", name="Make the dataset")).to_be_disabled()
    page.get_by_role("link", name="With findings").click()
    expect(page.get_by_role("heading", name="1 scenario")).to_be_visible()
    page.get_by_role("link", name="ferry.md, line 47, character 10").click()
    page.wait_for_url("**/scenarios/one?*#line-47")

    look = page.locator("#scenario-look")
    expect(look).to_contain_text("rolls 10 plus modifier 3 makes 13")
    expect(page.locator(".line-error")).to_have_text("- Total: 14")
    look.get_by_role("button", name="line 47, character 10").click()
    page.keyboard.type("13")  # what was wrong is selected
    expect(look).to_contain_text("every sum is right", timeout=PATIENCE_MS)
    expect(look).to_contain_text("13 against dc 12 is a success")
    expect(page.locator(".line-error")).to_have_count(0)
    page.get_by_role("button", name="Save").click()
    page.wait_for_url(lambda address: "#" not in address, timeout=PATIENCE_MS)
    assert (workspace.folders.scenarios / "river" / "ferry.md").read_text() == GOOD

    page.get_by_role("link", name="Scenarios").click()
    page.get_by_label("Variations").fill("12")
    page.get_by_role("button", name="See three variations").click()
    expect(page.locator(".variant")).to_have_count(3, timeout=PATIENCE_MS)
    page.locator(".variant summary").first.click()
    expect(page.locator(".variant .line-changed").first).to_be_visible()
    page.get_by_label("Name of the dataset").fill("river")
    page.get_by_role("button", name="Make the dataset").click()
    page.wait_for_url("**/datasets/ds_*", timeout=PATIENCE_MS)
    expect(page.get_by_role("heading", name="river", exact=True)).to_be_visible()
    expect(page.locator("main")).to_contain_text("24 examples")


def test_an_example_is_started_from_and_saved_and_nothing_is_overwritten(
    visitor: Visitor, workspace: Workspace
) -> None:
    page = visitor.page
    visitor.open("/scenarios/templates")
    page.get_by_role("link", name="Start from The bell warden").click()
    page.get_by_label("Save as").fill("tower/bell.md")
    page.get_by_role("button", name="Save").click()
    page.wait_for_url("**/scenarios/one?path=*", timeout=PATIENCE_MS)
    expect(page.get_by_role("heading", name="tower/bell.md")).to_be_visible()
    saved = (workspace.folders.scenarios / "tower" / "bell.md").read_text()

    (workspace.folders.scenarios / "tower" / "bell.md").write_text(saved.replace("\n", "\n\n", 1))
    page.locator("#scenario-text").press("End")
    page.locator("#scenario-text").type("More.")
    page.get_by_role("button", name="Save").click()
    expect(page.locator("#notices")).to_contain_text("was changed since you opened it", timeout=PATIENCE_MS)
    assert "More." in page.locator("#scenario-text").input_value()
    visitor.complaints.clear()  # the browser says of every refusal that there was one
    page.get_by_label("Save as").fill("tower/mine.md")
    page.get_by_role("button", name="Save").click()
    page.wait_for_url("**mine.md", timeout=PATIENCE_MS)
    assert "More." in (workspace.folders.scenarios / "tower" / "mine.md").read_text()


def test_a_scenario_is_renamed_with_its_new_words_removed_and_put_back(visitor: Visitor, workspace: Workspace) -> None:
    page = visitor.page
    ford = workspace.own_scenarios.save("ford.md", GOOD)
    visitor.open(f"/scenarios/one?path={ford.path}")
    page.locator("#scenario-text").fill(bent("The ferry", "The long ferry"))
    page.get_by_label("Save as").fill("river/ferry.md")
    page.get_by_role("button", name="Rename").click()
    page.wait_for_url("**ferry.md", timeout=PATIENCE_MS)
    expect(page.get_by_role("heading", name="river/ferry.md")).to_be_visible()
    assert "The long ferry" in workspace.own_scenarios.open(str(workspace.folders.scenarios / "river/ferry.md")).text
    assert not Path(ford.path).exists()

    asked: list[str] = []
    page.on("dialog", lambda dialog: (asked.append(dialog.message), dialog.accept()))
    page.get_by_role("button", name="Remove").click()
    page.wait_for_url("**/scenarios", timeout=PATIENCE_MS)
    assert asked == ["Remove river/ferry.md? It can be put back from the page Scenarios."]
    expect(page.get_by_text("No scenarios in this workspace yet")).to_be_visible()
    page.get_by_text("1 scenario removed").click()
    page.get_by_role("button", name="Put back river/ferry.md").click()
    page.wait_for_url("**ferry.md", timeout=PATIENCE_MS)
    expect(page.get_by_role("heading", name="river/ferry.md")).to_be_visible()


def test_leaving_with_unsaved_words_asks_first_and_laying_out_is_shown(visitor: Visitor) -> None:
    page = visitor.page
    visitor.open("/scenarios/one?template=rest")
    text = page.locator("#scenario-text")
    text.fill(GOOD.replace("# User\n\n", "# user\n"))
    page.get_by_role("button", name="Lay out").click()
    expect(text).to_have_value(GOOD, timeout=PATIENCE_MS)
    expect(page.locator("#scenario-look")).to_contain_text("The ferry", timeout=PATIENCE_MS)
    with page.expect_download() as download:
        page.get_by_role("button", name="Download").click()
    assert Path(download.value.path()).read_text() == GOOD
    asked: list[str] = []
    page.on("dialog", lambda dialog: (asked.append(dialog.type), dialog.accept()))
    page.get_by_role("link", name="Scenarios").click()
    page.wait_for_url("**/scenarios")
    assert asked == ["beforeunload"]
