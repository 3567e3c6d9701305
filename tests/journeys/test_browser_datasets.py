"""A person's way with a broken file: drop it, see what is wrong and where, mend it, say how it is read, look at it."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

import luthier
from luthier.settings import Settings
from luthier.workspace import Workspace
from tests.builders.models import a_model_folder
from tests.server.web.visiting import Visitor

pytestmark = [pytest.mark.browser, pytest.mark.slow]

PATIENCE_MS = 30_000


@pytest.fixture
def workspace(workspace_folder: Path) -> Iterator[Workspace]:
    with luthier.open(settings=Settings(home=workspace_folder, offline=True)) as opened:
        yield opened


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


def test_a_cleaner_version_is_made_in_the_page_and_knows_where_it_comes_from(visitor: Visitor, tmp_path: Path) -> None:
    page = visitor.page
    rows = [{"prompt": f"ask {n % 20}", "completion": "Write to ann@example.com."} for n in range(40)]
    path = tmp_path / "asks.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    visitor.open(f"/datasets/import?path={path}")
    page.get_by_role("button", name="Import 40 examples").click()
    page.wait_for_url("**/datasets/ds_*", timeout=PATIENCE_MS)
    page.get_by_role("button", name="Repair").click()
    expect(page.locator("#dataset-history")).to_contain_text("There was nothing to do", timeout=PATIENCE_MS)
    page.get_by_role("button", name="Remove repetitions").click()
    page.wait_for_url("**/datasets/asks@2", timeout=PATIENCE_MS)
    page.get_by_role("button", name="Redact").click()
    page.wait_for_url("**/datasets/asks@3", timeout=PATIENCE_MS)
    expect(page.locator("#dataset-rows")).to_contain_text("[EMAIL_1]")
    history = page.locator("#dataset-history")
    expect(history).to_contain_text("asks@3, 20 examples")
    history.get_by_role("link", name="asks@1").click()
    expect(page.locator("main")).to_contain_text("40 examples")


def test_a_wrong_column_is_exchanged_in_the_page(visitor: Visitor, tmp_path: Path) -> None:
    page = visitor.page
    table = tmp_path / "talk.csv"
    table.write_text("prompt,completion,better\n" + "".join(f"ask {n},no,yes {n}\n" for n in range(30)))
    visitor.open("/datasets/import")
    page.get_by_label("or its path on this machine").fill(str(table))
    page.get_by_label("or its path on this machine").press("Tab")
    page.get_by_label("Completion").select_option("better")
    expect(page.locator("#import-check .example").first).to_contain_text("yes 0", timeout=PATIENCE_MS)
