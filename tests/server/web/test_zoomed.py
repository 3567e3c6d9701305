"""The pages at 400 %, as somebody reads who needs large letters, and at rest for whom movement makes unwell."""

from typing import Any

import pytest
from playwright.sync_api import Page, ViewportSize

from tests.server.web.scenes import Scene
from tests.server.web.test_in_browser import addresses_of, settle
from tests.server.web.visiting import Visitor

pytestmark = [pytest.mark.browser, pytest.mark.slow]

A_400_PERCENT_WINDOW: ViewportSize = {"width": 320, "height": 256}  # what is left of 1280 x 1024

# What has the focus must be seen and reached by a pointer: nothing that sticks to an edge may lie on it.
COVERED = """
() => {
  const isSeen = (it) => it.checkVisibility({ visibilityProperty: true, opacityProperty: true }) && it.tabIndex >= 0;
  const found = [];
  for (const it of document.querySelectorAll("a[href], button, input, select, textarea, summary, [tabindex]")) {
    if (!isSeen(it) || it.disabled) continue;
    it.focus();
    if (document.activeElement !== it) continue;
    const box = it.getClientRects()[0];
    if (!box || box.width < 2 || box.height < 2) continue; // named for readers, drawn by its label
    const middle = (from, to, whole) => (Math.max(from, 0) + Math.min(to, whole)) / 2; // of what is in the window
    const at = document.elementFromPoint(
      middle(box.left, box.right, innerWidth),
      middle(box.top, box.bottom, innerHeight),
    );
    const labels = [...(it.labels ?? [])];
    const belongs = at && (it.contains(at) || at.contains(it) || labels.some((label) => label.contains(at)));
    if (!belongs) found.push(`${it.outerHTML.slice(0, 140)} lies under ${at ? at.outerHTML.slice(0, 100) : "nothing"}`);
  }
  return found;
}
"""

# Words that do not fit must break, or the box must say by three dots, or by scrolling, that there is more.
CUT_OFF = """
() => [...document.querySelectorAll("h1, h2, h3, p, a, button, label, legend, summary, dt, dd, li, td, th")]
  .filter((it) => it.checkVisibility() && it.clientWidth > 2)
  .filter((it) => {
    const style = getComputedStyle(it);
    const hides = ["hidden", "clip"].includes(style.overflowX) && style.textOverflow !== "ellipsis";
    return hides && it.scrollWidth > it.clientWidth + 1;
  })
  .map((it) => it.outerHTML.slice(0, 140))
"""

MOVING = """
() => {
  const milliseconds = (text) => parseFloat(text) * (text.includes("ms") ? 1 : 1000);
  const longest = (text) => Math.max(...text.split(",").map(milliseconds));
  const found = [];
  for (const it of document.querySelectorAll("*"))
    for (const part of [null, "::before", "::after"]) {
      const style = getComputedStyle(it, part);
      const moves = style.animationName !== "none" && longest(style.animationDuration) > 1;
      if (moves || longest(style.transitionDuration) > 1 || style.scrollBehavior === "smooth")
        found.push(`${it.outerHTML.slice(0, 100)} ${part ?? ""}`);
    }
  return found;
}
"""


def said(page: Page, script: str) -> list[str]:
    found: Any = page.evaluate(script)
    return list(found)


def test_at_four_times_the_size_every_page_scrolls_one_way_and_shows_everything(visitor: Visitor, much: Scene) -> None:
    page = visitor.page
    page.set_viewport_size(A_400_PERCENT_WINDOW)
    faults: list[str] = []
    for address in addresses_of(much):
        visitor.open(address)
        settle(page)
        wide = page.evaluate("document.documentElement.scrollWidth")
        faults += [f"{address} is {wide} wide"] if wide > A_400_PERCENT_WINDOW["width"] else []
        faults += [f"{address} cuts off {each}" for each in said(page, CUT_OFF)]
        faults += [f"{address}: {each}" for each in said(page, COVERED)]
    assert not faults, "\n".join(faults)


def test_nothing_moves_for_somebody_who_asks_for_that(visitor: Visitor, much: Scene) -> None:
    page = visitor.page
    for address in addresses_of(much):
        visitor.open(address)
        settle(page)
        moving = said(page, MOVING)
        assert not moving, f"{address}\n" + "\n".join(moving[:5])
