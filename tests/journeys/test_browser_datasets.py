"""A person's way with a broken file: drop it, see what is wrong and where, mend it, say how it is read, look at it."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect

import luthier
from luthier.domain.background import WorkState
from luthier.settings import Settings
from luthier.workspace import Workspace
from tests.builders.models import a_model_folder
from tests.kit.loopback import Exchange, loopback
from tests.server.web.visiting import Visitor, visiting

pytestmark = [pytest.mark.browser, pytest.mark.slow]

PATIENCE_MS = 30_000


@pytest.fixture
def broken(tmp_path: Path) -> Path:
    """Sixty rows, of which one has a comma too many, one a number for a text, and one is cut off."""
    rows = [json.dumps({"question": f"How many pegs has {n}?", "answer": f"{n} pegs"}) for n in range(60)]
    rows[7] = '{"question": "How many pegs has 7?", "answer": "7 pegs",}'
    rows[20] = '{"question": 20, "answer": "20 pegs"}'
    rows[41] = '{"question": "cut'
    path = tmp_path / "pegs.jsonl"
    path.write_text("\n".join(rows) + "\n")
    return path


def drop(page: Page, path: Path) -> None:
    """What the browser does when a file is let go over the page."""
    content = path.read_text()
    transfer = page.evaluate_handle(
        "([name, text]) => { const data = new DataTransfer(); data.items.add(new File([text], name)); return data; }",
        [path.name, content],
    )
    page.dispatch_event("[data-drop]", "drop", {"dataTransfer": transfer})


def test_a_broken_file_is_dropped_mended_confirmed_and_looked_at(visitor: Visitor, broken: Path) -> None:
    page = visitor.page
    visitor.open("/datasets")
    page.get_by_role("link", name="Import examples").first.click()
    page.wait_for_url("**/datasets/import")
    drop(page, broken)
    found = page.locator("#import-check")
    expect(found).to_contain_text("line 8", timeout=PATIENCE_MS)
    expect(found).to_contain_text("line 42")
    expect(page.get_by_role("button", name="Import 57 examples")).to_be_disabled()

    for fix in ("strip trailing comma", "number to text"):
        page.get_by_label(f"Mend this: {fix}").click()  # check() would look again at what is redrawn by then
        expect(page.get_by_label(f"Mended: {fix}")).to_be_checked(timeout=PATIENCE_MS)
    page.get_by_label("Shape").select_option("prompt-completion")
    expect(found).to_contain_text("100 % sure", timeout=PATIENCE_MS)
    page.get_by_label("Leave out the rows that have errors").check()
    button = page.get_by_role("button", name="Import 59 examples")
    expect(button).to_be_enabled(timeout=PATIENCE_MS)
    button.click()
    page.wait_for_url("**/datasets/ds_*", timeout=PATIENCE_MS)
    expect(page.get_by_role("heading", name="pegs", exact=True)).to_be_visible()
    expect(page.locator("main")).to_contain_text("a comma before the end was removed")


def test_rows_are_paged_searched_and_shown_as_tokens(
    visitor: Visitor, workspace: Workspace, broken: Path, tmp_path: Path
) -> None:
    page = visitor.page
    a_model_folder(tmp_path / "tiny")
    dataset = workspace.datasets.import_file(str(broken), skip_bad_rows=True)
    visitor.open(f"/datasets/{dataset.dataset_id}")
    rows = page.locator("#dataset-rows")
    expect(rows).to_contain_text("1 to 10 of 57")
    rows.get_by_role("link", name="After").click()
    expect(rows).to_contain_text("11 to 20 of 57")
    rows.get_by_label("Search the examples").fill("pegs has 33")
    rows.get_by_label("Search the examples").press("Enter")
    expect(rows).to_contain_text("1 find in 57 rows")
    expect(rows.get_by_text("33 pegs")).to_be_visible()
    rows.get_by_label("As the tokens of").fill(str(tmp_path / "tiny"))
    rows.get_by_role("button", name="Show").click()
    expect(rows.locator(".token-trained").nth(1)).to_be_visible(timeout=PATIENCE_MS)
    assert "q=pegs" in page.url
    page.reload()
    expect(page.locator("#dataset-rows .token-trained").nth(1)).to_be_visible(timeout=PATIENCE_MS)


def test_doubted_rows_are_found_mended_and_the_difference_is_seen(
    visitor: Visitor, workspace: Workspace, tmp_path: Path
) -> None:
    page = visitor.page
    rows = [{"prompt": f"What of {n}?", "completion": f"It is dry, {n} times."} for n in range(60)]
    for n in (3, 41):
        rows[n]["completion"] += "\u200b Write to ann@example.com."
    path = tmp_path / "asks.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    workspace.datasets.import_file(str(path))
    visitor.open("/datasets/asks@1")
    page.get_by_role("link", name="Quality").click()
    page.get_by_role("button", name="Score").click()
    page.get_by_role("link", name="invisible characters").click(timeout=PATIENCE_MS)
    browsed = page.locator("#dataset-rows")
    expect(browsed).to_contain_text("2 of 60 in doubt")
    expect(browsed).to_contain_text("zero-width space")
    assert "reason=text.invisible" in page.url
    browsed.get_by_label("With a score of").select_option("0.3")
    expect(browsed).to_contain_text("No example is doubted in this way")
    assert "below=0.3" in page.url

    for way in ("Repair", "Redact"):
        page.get_by_role("link", name=way, exact=True).click()
        page.get_by_role("button", name=way).click()
        page.wait_for_url("**/datasets/asks@*", timeout=PATIENCE_MS)
    page.get_by_role("link", name="What changed since asks@2").click()
    changes = page.locator("main")
    expect(changes.locator("ins", has_text="[EMAIL_1]")).to_have_count(2)
    expect(changes).to_contain_text("Changed 2")
    page.get_by_label("Before").select_option("asks@1")
    page.get_by_role("button", name="Compare", exact=True).click()
    page.wait_for_url("**before=asks%401**")
    expect(changes.locator("ins", has_text="[EMAIL_1]")).to_have_count(2)


def test_long_work_is_called_off_in_the_page_and_keeps_nothing(
    visitor: Visitor, workspace: Workspace, tmp_path: Path
) -> None:
    page = visitor.page
    path = tmp_path / "many.jsonl"
    with open(path, "w") as file:
        for n in range(60_000):
            file.write(json.dumps({"prompt": f"How dry is plank {n}?", "completion": f"Plank {n} is dry."}) + "\n")
    workspace.datasets.import_file(str(path))
    visitor.open("/datasets/many/quality")
    page.get_by_role("button", name="Score").click()
    expect(page.get_by_role("progressbar", name="Scoring examples")).to_be_visible(timeout=PATIENCE_MS)
    visitor.open("/datasets/many@1")  # it goes on behind every page, and is found again
    expect(page.locator(".job")).to_contain_text("Scoring many@1")
    page.get_by_role("button", name="Call it off").click()
    expect(page.locator(".job")).to_contain_text("was called off; nothing of it is kept", timeout=PATIENCE_MS)
    (job,) = workspace.dataset_jobs.list()
    assert job.state is WorkState.CANCELLED
    assert workspace.quality.known("many") is None


def test_what_is_wrong_in_a_form_is_mended_in_its_place(visitor: Visitor, workspace: Workspace, tmp_path: Path) -> None:
    page = visitor.page
    workspace.datasets.import_file("sample:request-kinds")
    visitor.open("/datasets/request-kinds")
    page.get_by_role("link", name="Split", exact=True).click()
    page.get_by_label("Share").first.fill("most")
    page.get_by_label("Share").first.press("Enter")
    expect(page.locator("#shares-wrong")).to_have_text("“most” is no number.")
    page.get_by_label("Share").first.fill("20")
    page.get_by_label("Name of what is made").fill("kinds")
    page.get_by_role("button", name="Split").click()
    expect(page.get_by_role("link", name="kinds-held-out@1")).to_be_visible(timeout=PATIENCE_MS)
    page.get_by_role("link", name="kinds-train@1").click()
    expect(page.locator("#dataset-history")).to_contain_text("request-kinds@1")


def test_a_wrong_column_is_exchanged_in_the_page(visitor: Visitor, tmp_path: Path) -> None:
    page = visitor.page
    table = tmp_path / "talk.csv"
    table.write_text("prompt,completion,better\n" + "".join(f"ask {n},no,yes {n}\n" for n in range(30)))
    visitor.open("/datasets/import")
    page.get_by_label("or its path on this machine").fill(str(table))
    page.get_by_label("or its path on this machine").press("Tab")
    page.get_by_label("Completion").select_option("better")
    expect(page.locator("#import-check .example").first).to_contain_text("yes 0", timeout=PATIENCE_MS)


def test_a_file_is_sent_seen_and_imported_without_any_script(
    chrome: Any, visitor: Visitor, workspace: Workspace, broken: Path
) -> None:
    with _without_scripts(chrome, visitor) as page:
        page.goto(f"{visitor.url}/datasets/import")
        page.get_by_label("A file of yours").set_input_files(broken)
        page.get_by_role("button", name="Send it").click()
        expect(page.locator("#import-check")).to_contain_text("line 42")
        page.get_by_label("Leave out the rows that have errors").check()
        assert page.get_by_role("button", name="Import 57 examples").is_disabled()

        sound = broken.with_name("sound.jsonl")
        sound.write_text("".join(f"{line}\n" for line in broken.read_text().splitlines()[:7]))
        page.goto(f"{visitor.url}/datasets/import")
        page.get_by_label("A file of yours").set_input_files(sound)
        page.get_by_role("button", name="Send it").click()
        page.get_by_role("button", name="Import 7 examples").click()
        for _ in range(100):
            if "/datasets/ds_" in page.url:
                break
            page.wait_for_timeout(100)
            page.reload()
        expect(page.get_by_role("heading", name="sound", exact=True)).to_be_visible()


def test_the_wizard_takes_a_file_and_imports_it_without_any_script(
    chrome: Any, visitor: Visitor, workspace: Workspace, tmp_path: Path
) -> None:
    pegs = tmp_path / "pegs.jsonl"
    pegs.write_text("".join(f'{{"prompt": "{n} pegs", "completion": "pegs: {n}"}}\n' for n in range(7)))
    draft = workspace.drafts.begin({})
    with _without_scripts(chrome, visitor) as page:
        page.goto(f"{visitor.url}/train/{draft.draft_id}/data")
        assert page.locator("[data-drop]").is_hidden()
        page.get_by_label("A file of yours").set_input_files(pegs)
        page.get_by_role("button", name="Send it").click()
        expect(page.locator("[name=source][value=file]")).to_be_checked()
        again = page.get_by_role("link", name="See how far it is")
        with page.expect_navigation():
            page.get_by_role("button", name="Import 7 examples").click()
        while again.count():
            with page.expect_navigation():  # a click returns before the page has changed
                again.click()
        expect(page.locator("#data-found")).to_contain_text("As they were read")
    imported = workspace.datasets.get(str(workspace.drafts.get(draft.draft_id).values["data"]))
    assert (imported.name, imported.examples) == ("pegs", 7)


def test_scenarios_are_sent_without_any_script(chrome: Any, visitor: Visitor, tmp_path: Path) -> None:
    scene = tmp_path / "ford.md"
    scene.write_text((Path(luthier.__file__).parent / "data/scenarios/examples/combat/the-bell-warden.md").read_text())
    with _without_scripts(chrome, visitor) as page:
        page.goto(f"{visitor.url}/scenarios")
        page.get_by_label("A Markdown file of yours, or a zip archive").set_input_files(scene)
        page.get_by_role("button", name="Send it").click()
        page.wait_for_url("**/scenarios/one?*")
        expect(page.locator("main")).to_contain_text("ford.md")


def test_a_far_file_shows_how_far_it_is_and_can_be_called_off(chrome: Any, tmp_path: Path) -> None:
    content, may_go_on = b'{"prompt": "a peg", "completion": "of oak"}\n' * 20_000, threading.Event()

    def slowly(exchange: Exchange) -> None:
        exchange.answer(200, content[:400_000], announce=len(content))
        may_go_on.wait(60)

    with loopback(slowly) as site:
        settings = Settings(home=tmp_path / "home", hub_cache=tmp_path / "cache", data_origins=(site.address,))
        with luthier.open(settings=settings) as workspace, visiting(chrome, workspace) as visitor:
            page = visitor.page
            visitor.open("/datasets/import")
            page.get_by_label("or its path on this machine").fill(f"{site.address}/pegs.jsonl")
            page.get_by_label("Name of the dataset").click()
            found = page.locator("#import-check")
            expect(found).to_contain_text(f"fetching {site.address}/pegs.jsonl", ignore_case=True, timeout=PATIENCE_MS)
            expect(found).to_contain_text("of 880 kB")
            found.get_by_role("button", name="Call it off").click()
            may_go_on.set()
            expect(found).to_contain_text("was called off", timeout=PATIENCE_MS)
            assert not workspace.datasets.list()


@contextmanager
def _without_scripts(chrome: Any, visitor: Visitor) -> Iterator[Page]:
    """A page that is signed in as the visitor is."""
    context = chrome.new_context(java_script_enabled=False, storage_state=visitor.page.context.storage_state())
    yield context.new_page()
    context.close()
