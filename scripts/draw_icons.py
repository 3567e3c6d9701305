"""Draws the icons of the installed app from the mark, in the sizes that its manifest names.

Usage: python scripts/draw_icons.py CHROMIUM

A browser draws them, because it is what draws the mark everywhere else.
"""

import sys
from pathlib import Path
from typing import NamedTuple

from playwright.sync_api import Browser, sync_playwright

STATIC = Path(__file__).parents[1] / "src/luthier/server/static"
PAPER = "#fbf9f5"  # --paper of tokens.css in the light


class Icon(NamedTuple):
    name: str
    pixels: int
    mark_share: float  # of the edge; a maskable icon may lose everything outside 80 %
    corner_share: float


ICONS = (
    Icon("180", 180, 0.66, 0.0),  # the system rounds it
    Icon("192", 192, 0.72, 0.22),
    Icon("512", 512, 0.72, 0.22),
    Icon("maskable-512", 512, 0.56, 0.0),
)


def draw(browser: Browser, icon: Icon, mark: str) -> bytes:
    page = browser.new_page(viewport={"width": icon.pixels, "height": icon.pixels})
    corner, inner = icon.corner_share * icon.pixels, icon.mark_share * icon.pixels
    page.set_content(
        f"<style>body{{margin:0}}div{{display:grid;place-items:center;height:100vh;background:{PAPER};"
        f"border-radius:{corner}px}}svg{{width:{inner}px;height:{inner}px}}</style><div>{mark}</div>"
    )
    picture = page.screenshot(omit_background=True)
    page.close()
    return picture


def main(chromium: str) -> None:
    mark = (STATIC / "mark.svg").read_text()
    (STATIC / "icons").mkdir(exist_ok=True)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        for icon in ICONS:
            (STATIC / "icons" / f"{icon.name}.png").write_bytes(draw(browser, icon, mark))
        browser.close()


if __name__ == "__main__":
    main(sys.argv[1])
