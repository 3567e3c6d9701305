"""Where the parts of every pattern lie: boxes, not pixels, because two builds of a browser draw a letter otherwise.

`python -m tests.server.web.pictures` writes the reference anew.
"""

import json
from pathlib import Path
from typing import Any

from playwright.sync_api import Page

REFERENCE = Path(__file__).with_name("boxes.json")
WIDTHS = (1440, 375)
PIXELS, SHARE = 4, 0.03  # a box may be off by so much, or by this share of itself

Boxes = dict[str, list[list[Any]]]  # by pattern: what it is, then left, top, width and height within the pattern

_MEASURE = """
() => Object.fromEntries([...document.querySelectorAll(".pattern")].map((pattern) => {
  const origin = pattern.getBoundingClientRect();
  const shown = [...pattern.querySelectorAll("*:not(svg *, time, option)")].filter((part) => {
    for (let up = part, depth = 0; up !== pattern; up = up.parentElement) if (++depth > 6) return false;
    return part.checkVisibility();
  });
  const box = (part) => {
    const { left, top, width, height } = part.getBoundingClientRect();
    const name = part.localName + (part.classList.length ? "." + [...part.classList].sort().join(".") : "");
    return [name, ...[left - origin.left, top - origin.top, width, height].map(Math.round)];
  };
  const whole = ["pattern", 0, 0, Math.round(origin.width), Math.round(origin.height)];
  return [pattern.getAttribute("aria-label"), [whole, ...shown.map(box)]];
}))
"""


def measure(page: Page) -> dict[str, Boxes]:
    """Of the page of patterns, which is open, by the width of the window."""
    found = {}
    for width in WIDTHS:
        page.set_viewport_size({"width": width, "height": 900})
        page.evaluate("document.fonts.ready")
        found[str(width)] = page.evaluate(_MEASURE)
    return found


def differences(reference: dict[str, Boxes], found: dict[str, Boxes]) -> list[str]:
    """What has moved, changed its size, come or gone, a line each."""
    told = []
    for width in sorted({*reference, *found}):
        before, after = reference.get(width, {}), found.get(width, {})
        for pattern in [*before, *(name for name in after if name not in before)]:
            told += [
                f"{width} px, {pattern}: {line}" for line in _compared(before.get(pattern, []), after.get(pattern, []))
            ]
    return told


def _compared(before: list[list[Any]], after: list[list[Any]]) -> list[str]:
    if [box[0] for box in before] != [box[0] for box in after]:
        gone = [box[0] for box in before if box[0] not in {each[0] for each in after}]
        come = [box[0] for box in after if box[0] not in {each[0] for each in before}]
        return [f"other parts than before (gone: {gone}, come: {come}, {len(before)} and now {len(after)})"]
    return [
        f"{name} was at {old} and is at {new}"
        for (name, *old), (_, *new) in zip(before, after, strict=True)
        if _moved(old, new)
    ]


def _moved(old: list[int], new: list[int]) -> bool:
    return any(abs(a - b) > max(PIXELS, SHARE * abs(a)) for a, b in zip(old, new, strict=True))


def read_reference() -> dict[str, Boxes]:
    document: dict[str, Boxes] = json.loads(REFERENCE.read_text())
    return document


def write_reference(boxes: dict[str, Boxes]) -> None:
    """A line for each pattern, so that a difference shows what has changed."""
    parts = [
        f"{json.dumps(width)}: {{\n"
        + ",\n".join(
            f"{json.dumps(name)}: {json.dumps(rows, separators=(',', ':'))}" for name, rows in patterns.items()
        )
        + "\n}"
        for width, patterns in boxes.items()
    ]
    REFERENCE.write_text("{\n" + ",\n".join(parts) + "\n}\n")
