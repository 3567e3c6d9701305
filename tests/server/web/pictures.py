"""`python -m tests.server.web.pictures CHROMIUM`: the pictures of the guide, and the boxes that components are held to.

They show a scene of the tests, so that every picture is of the pages as they are, and can be drawn again by anybody.
"""

import sys
import tempfile
from pathlib import Path
from typing import NamedTuple

from playwright.sync_api import Page

import luthier
from luthier.orchestration.launch import supervisor_lock
from luthier.settings import Settings
from luthier.store import open_store
from tests.server.web.boxes import measure, write_reference
from tests.server.web.scenes import Scene, stage
from tests.server.web.visiting import Visitor, launched, visiting

PICTURES = Path(__file__).parents[3] / "docs/pictures"
WINDOWS = {1440: 900, 375: 812}  # width: height
SETTLED_MS = 1_200


class Picture(NamedTuple):
    name: str
    address: str  # may name a run or a version of the scene


PAGES = (
    Picture("home", "/"),
    Picture("train", "/train"),
    Picture("run", "/runs/{completed}"),
    Picture("compare", "/runs/compare?run={completed}&run={running}"),
    Picture("dataset", "/datasets/{dataset}"),
    Picture("version", "/versions/{version}"),
    Picture("playground", "/playground?target={version}"),
    Picture("settings", "/settings"),
)


def addresses_of(scene: Scene) -> dict[str, str]:
    runs = {state: run.run_id for state, run in scene.runs.items()}
    return {**runs, "dataset": scene.dataset_id or "", "version": scene.version_id or ""}


def draw(visitor: Visitor, scene: Scene) -> None:
    for picture in PAGES:
        visitor.open(picture.address.format(**addresses_of(scene)))
        for width, height in WINDOWS.items():
            visitor.page.set_viewport_size({"width": width, "height": height})
            for theme in ("light", "dark"):
                visitor.page.emulate_media(color_scheme=theme, reduced_motion="reduce")
                visitor.page.wait_for_timeout(SETTLED_MS)
                visitor.page.screenshot(path=PICTURES / f"{picture.name}-{theme}-{width}.png")
        visitor.page.set_viewport_size({"width": 1440, "height": 900})


def note_boxes(visitor: Visitor, page: Page) -> None:
    visitor.open("/-/patterns")
    page.emulate_media(color_scheme="light", reduced_motion="reduce")
    write_reference(measure(page))


def main(chromium: str) -> None:
    with tempfile.TemporaryDirectory() as place:
        settings = Settings(home=Path(place) / "workshop", offline=False)
        with luthier.open(settings=settings) as workspace, supervisor_lock(workspace.folders):
            store = open_store(workspace.folders.database)
            scene = stage("little", store, workspace.folders)
            store.close()
            with launched(chromium) as chrome, visiting(chrome, workspace) as visitor:
                note_boxes(visitor, visitor.page)
                draw(visitor, scene)


if __name__ == "__main__":
    main(sys.argv[1])
