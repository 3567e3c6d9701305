"""From the first page to a queued run by the keyboard alone, and at every step one sees where one is."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from luthier.domain.run_states import RunState
from tests.builders.models import a_model_folder
from tests.orchestration.in_process import Workshop
from tests.server.web.visiting import visiting

pytestmark = [pytest.mark.browser, pytest.mark.slow]

MOST_TABS = 80

# What has the focus: what readers call it, and whether an eye finds it (an outline, on itself or what it stands in).
FOCUSED = """
() => {
  const it = document.activeElement;
  const named = it.getAttribute("aria-label") ?? it.labels?.[0]?.innerText ?? it.innerText ?? "";
  const isMarked = (each) => {
    const { outlineStyle, outlineWidth } = getComputedStyle(each);
    return outlineStyle !== "none" && parseFloat(outlineWidth) >= 2;
  };
  const box = it.getBoundingClientRect();
  const isInside = box.bottom > 0 && box.top < innerHeight && box.right > 0 && box.left < innerWidth;
  const around = [it, it.parentElement, it.closest("label")].filter(Boolean);
  return { name: named.trim(), role: it.tagName, kind: it.type ?? "", isSeen: isInside && around.some(isMarked) };
}
"""


@pytest.fixture
def workshop(tmp_path: Path) -> Iterator[Workshop]:
    workshop = Workshop(tmp_path / "home")
    yield workshop
    workshop.close()


def tab_to(page: Page, name: str, kind: str | None = None) -> None:
    """Forward, as Tab leads, to what is called like that."""
    passed = []
    for _ in range(MOST_TABS):
        page.keyboard.press("Tab")
        focused: dict[str, Any] = page.evaluate(FOCUSED)
        if focused["role"] != "BODY":
            assert focused["isSeen"], f"on {page.url} nobody sees that {focused} has the focus"
        if re.match(name, focused["name"]) and kind in (None, focused["kind"]):
            return
        passed.append(focused["name"][:30])
    raise AssertionError(f"Tab does not lead to {name}, but to {passed}")


def test_a_run_is_asked_for_without_a_mouse(chrome: Browser, workshop: Workshop, tmp_path: Path) -> None:
    data = tmp_path / "pegs.jsonl"
    rows = [{"prompt": f"{number} pegs", "completion": f"pegs: {number}"} for number in range(40)]
    data.write_text("".join(json.dumps(row) + "\n" for row in rows))
    base = a_model_folder(tmp_path / "base")
    with visiting(chrome, workshop.workspace) as visitor:
        page, keys = visitor.page, visitor.page.keyboard
        tab_to(page, "Train a model")
        keys.press("Enter")
        page.wait_for_url("**/train**")
        tab_to(page, "", kind="radio")
        keys.press("ArrowDown")
        keys.press("Enter")
        page.wait_for_url("**/data")
        tab_to(page, "", kind="radio")
        while page.evaluate(FOCUSED)["name"].partition("\n")[0] != "A file":
            keys.press("ArrowDown")
        keys.press("Space")
        tab_to(page, "or its path on this machine")
        keys.type(str(data))
        expect(page.locator("#data-found")).to_contain_text("prompt-completion")
        tab_to(page, "Continue")
        keys.press("Enter")
        page.wait_for_url("**/model")
        tab_to(page, "Base model")
        keys.press("Control+a")
        keys.type(str(base))
        keys.press("Enter")
        page.wait_for_url("**/settings")
        tab_to(page, "Most steps")
        keys.type("4")
        keys.press("Enter")
        page.wait_for_url("**/review")
        tab_to(page, "Name of the run")
        keys.press("Control+a")
        keys.type("by hand")
        tab_to(page, "Start the run")
        keys.press("Enter")
        page.wait_for_url(re.compile(r"/runs/run_\w+$"))
        expect(page.get_by_role("heading", name="by hand")).to_be_visible()
    (run,) = workshop.workspace.runs.list()
    assert run.state is RunState.QUEUED and run.total_steps == 4
