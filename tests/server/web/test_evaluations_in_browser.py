"""Blind votes by keyboard in a real browser, and pages that fit and complain of nothing."""

from pathlib import Path

import pytest
from playwright.sync_api import expect

from luthier.workspace import Workspace
from tests.builders.suites import an_evaluation_of, an_outcome
from tests.server.web.visiting import Visitor

pytestmark = pytest.mark.browser


def test_keys_vote_and_the_result_follows(visitor: Visitor, workspace: Workspace) -> None:
    outcomes = tuple(an_outcome(str(at), 1.0, 0.0) for at in range(2))
    evaluation = an_evaluation_of(outcomes)
    with workspace._store.writing() as tx:
        tx.evaluations.add(evaluation, outcomes)
    visitor.open(f"/evaluations/{evaluation.evaluation_id}/vote")
    visitor.page.evaluate("document.documentElement.dataset.shortcuts = 'off'")
    visitor.page.keyboard.press("2")  # which would be a vote too many
    visitor.page.evaluate("document.documentElement.dataset.shortcuts = 'on'")
    for voted, key in enumerate(("1", "0")):
        expect(visitor.page.get_by_text(f"{voted} of 2 voted on")).to_be_visible()
        visitor.page.keyboard.press(key)
    expect(visitor.page.get_by_role("link", name="Back to the evaluation")).to_be_visible()
    result = workspace.blind_votes.result(evaluation.evaluation_id)
    assert (result.target + result.against, result.ties) == (1, 1)
    for width in (1440, 375):
        visitor.page.set_viewport_size({"width": width, "height": 800})
        for address in (
            "/evaluations",
            f"/evaluations/{evaluation.evaluation_id}",
            "/evaluations/suites/refusal",
            "/evaluations/add-suite",
        ):
            visitor.open(address)
            too_wide = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
            assert visitor.page.evaluate(too_wide) <= 0, (address, width)


def test_a_suite_is_looked_at_mended_kept_and_removed(visitor: Visitor, workspace: Workspace) -> None:
    page = visitor.page
    visitor.open("/evaluations")
    page.get_by_role("link", name="Add a suite").click()
    text = page.get_by_label("or its text")
    text.fill(text.input_value().replace("my-suite", "sums").replace("[normalised]", "[guesses]"))
    page.get_by_role("button", name="Look at it").click()
    expect(page.get_by_text("guesses").first).to_be_visible()
    expect(page.get_by_role("button", name="Keep it as")).to_have_count(0)
    text.fill(text.input_value().replace("[guesses]", "[contains]"))
    page.get_by_role("button", name="Look at it").click()
    expect(page.get_by_role("cell", name="What is 2 + 2? Answer with the number.")).to_be_visible()
    assert "sums" not in {suite.name for suite in workspace.suites.list()}
    page.get_by_role("button", name="Keep it as sums").click()
    expect(page.get_by_role("heading", name="sums", exact=True)).to_be_visible()
    assert [case.expected for case in workspace.suites.named("sums").cases] == ["4", "green"]
    page.on("dialog", lambda dialog: dialog.accept())
    page.get_by_role("button", name="Remove").click()
    expect(page.get_by_role("heading", name="Evaluations", exact=True)).to_be_visible()
    assert "sums" not in {suite.name for suite in workspace.suites.list()}


@pytest.mark.parametrize("by", ["file", "text"])
def test_a_suite_may_be_written_in_json_lines(visitor: Visitor, workspace: Workspace, tmp_path: Path, by: str) -> None:
    lines = '{"prompt": "1 + 1?", "expected": "2", "scorers": ["contains"]}\n'
    (tmp_path / "my-suite.jsonl").write_text(lines)
    page = visitor.page
    visitor.open("/evaluations/add-suite")
    if by == "file":
        page.get_by_label("A file").set_input_files(tmp_path / "my-suite.jsonl")
    else:
        page.get_by_label("or its text").fill(lines)
    page.get_by_role("button", name="Look at it").click()
    page.get_by_role("button", name="Keep it as my-suite").click()
    expect(page.get_by_role("heading", name="my-suite", exact=True)).to_be_visible()
    assert (workspace.folders.suites / "my-suite.jsonl").read_text() == lines
