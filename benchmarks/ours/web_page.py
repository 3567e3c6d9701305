"""Our side of web: the first page of an empty workspace; then a table of many rows and a curve of many points."""

import json
import sys
import time
from contextlib import ExitStack
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

from playwright.sync_api import Browser, Page

import luthier
from benchmarks.browsing import first_page, slow_frame_ms
from benchmarks.peers.measures import write_measure
from luthier.domain.run_states import RunState
from luthier.domain.runs import MetricPoint
from luthier.orchestration.launch import supervisor_lock
from luthier.settings import Settings
from luthier.store import open_store
from luthier.workspace import Workspace
from tests.builders import a_run
from tests.server.web.visiting import Visitor, launched, visiting

_PAGES = 10
_TURNS = 30  # of the wheel, on each page
_AT_ONCE = 50_000


def main(chromium: str, size: int, result: Path) -> None:
    with ExitStack() as stack:
        empty = stack.enter_context(_workspace(result.parent / f"empty-{time.time_ns()}"))
        browser = stack.enter_context(launched(chromium))
        with visiting(browser, empty) as visitor:
            state = visitor.page.context.storage_state()
            first = first_page(browser, f"{visitor.url}/", state)
        details = {"received_bytes": float(first.received_bytes), "requests": float(first.requests)}
        details |= _frames(browser, result.parent / f"full-{size}", size)
    seconds = first.interactive_seconds
    write_measure(result, 1, seconds, [1.0], ("luthier",), details)


def _workspace(home: Path) -> Workspace:
    return luthier.open(settings=Settings(home=home, offline=True))


def _frames(browser: Browser, home: Path, size: int) -> dict[str, float]:
    """The workspace with `size` rows and points is made once and kept for the next time."""
    with _workspace(home) as full, supervisor_lock(full.folders):
        if not full.runs.list(1):
            _fill(full, home, size)
        run_id = full.runs.list(1)[0].run_id
        with visiting(browser, full) as visitor:
            return {
                "table_rows": float(size),
                "table_frame_ms_p95": _table(visitor),
                "chart_points": float(size),
                "chart_frame_ms_p95": _chart(visitor, run_id),
            }


def _fill(full: Workspace, home: Path, size: int) -> None:
    rows = home / "rows.jsonl"
    with open(rows, "w", encoding="utf-8") as file:
        for number in range(size):
            file.write(json.dumps({"prompt": f"How dry is plank {number}?", "completion": f"{number} % dry."}) + "\n")
    full.datasets.import_file(str(rows), name="rows")
    now = datetime.now(UTC)
    run = a_run(state=RunState.COMPLETED, step=size, total_steps=size, created_at=now, updated_at=now)
    store = open_store(full.folders.database)
    with store.writing() as tx:
        tx.runs.add(run)
    for start in range(1, size + 1, _AT_ONCE):
        steps = range(start, min(start + _AT_ONCE, size + 1))
        with store.writing() as tx:
            tx.metrics.put(
                run.run_id, [MetricPoint(step=step, name="loss", value=2 + step % 97 / 100) for step in steps]
            )
    store.close()


def _table(visitor: Visitor) -> float:
    visitor.open("/datasets/rows@1")
    page = visitor.page
    page.locator("#dataset-rows").scroll_into_view_if_needed()

    def read_on() -> None:
        for _ in range(_PAGES):
            _wheel(page)
            with page.expect_response("**/rows*"):
                page.locator("#dataset-rows").get_by_role("link", name="After").click()

    return slow_frame_ms(page, read_on)


def _chart(visitor: Visitor, run_id: str) -> float:
    visitor.open(f"/runs/{run_id}")
    page = visitor.page
    page.locator(".uplot .u-over").first.wait_for()
    page.locator(".uplot .u-over").first.scroll_into_view_if_needed()
    return slow_frame_ms(page, partial(_zoom, page))


def _zoom(page: Page) -> None:
    """Closer by dragging over the middle half, several times, and out again."""
    over = page.locator(".uplot .u-over").first
    box = over.bounding_box()
    assert box is not None
    for _ in range(_PAGES):
        page.mouse.move(box["x"] + box["width"] / 4, box["y"] + box["height"] / 2)
        page.mouse.down()
        page.mouse.move(box["x"] + box["width"] * 3 / 4, box["y"] + box["height"] / 2, steps=_TURNS)
        with page.expect_response("**/curves*"):
            page.mouse.up()
    with page.expect_response("**/curves*"):
        over.dblclick()


def _wheel(page: Page) -> None:
    for turn in range(_TURNS):
        page.mouse.wheel(0, 60 if turn < _TURNS / 2 else -60)
        page.wait_for_timeout(16)


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), Path(sys.argv[3]))
