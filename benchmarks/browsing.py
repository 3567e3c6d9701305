"""What a browser says of a page: what was fetched, when it could be used, and how evenly it draws while it moves."""

import statistics
import time
from collections.abc import Callable
from typing import Any, NamedTuple

from playwright.sync_api import Browser, Page

SLOWER = 4  # times than this machine: a slow laptop
_QUIET_MS = 2_000  # without a task of 50 ms or more: the page answers whoever uses it
_PATIENCE_SECONDS = 60

_WATCH = """
window.lastTask = 0;
new PerformanceObserver((list) => {
  for (const task of list.getEntries()) window.lastTask = task.startTime + task.duration;
}).observe({ type: "longtask", buffered: true });
"""
_INTERACTIVE = """
() => {
  const [painted] = performance.getEntriesByName("first-contentful-paint");
  const [gone] = performance.getEntriesByType("navigation");
  return Math.max(painted?.startTime ?? 0, gone.domContentLoadedEventEnd, window.lastTask);
}
"""
_COUNT_FRAMES = """
() => {
  window.frames_ms = [];
  let last = performance.now();
  const tick = (now) => {
    window.frames_ms.push(now - last);
    last = now;
    window.counting = requestAnimationFrame(tick);
  };
  window.counting = requestAnimationFrame(tick);
}
"""
_STOP = "() => { cancelAnimationFrame(window.counting); return window.frames_ms.slice(1); }"


class FirstPage(NamedTuple):
    received_bytes: int  # compressed, with heads
    requests: int
    interactive_seconds: float  # on a processor that is SLOWER


def first_page(browser: Browser, url: str, state: Any = None) -> FirstPage:
    """Opens `url` with nothing kept from before but the cookies of `state`."""
    context = browser.new_context(storage_state=state, viewport={"width": 1440, "height": 900})
    page = context.new_page()
    devtools = context.new_cdp_session(page)
    received: list[float] = []
    devtools.on("Network.loadingFinished", lambda said: received.append(said["encodedDataLength"]))
    devtools.send("Network.enable")
    devtools.send("Emulation.setCPUThrottlingRate", {"rate": SLOWER})
    page.add_init_script(_WATCH)
    page.goto(url, wait_until="load")
    seconds = _until_quiet(page)
    context.close()
    return FirstPage(int(sum(received)), len(received), seconds)


def _until_quiet(page: Page) -> float:
    """From the start of the navigation to the last long task before a quiet stretch."""
    deadline, seen = time.monotonic() + _PATIENCE_SECONDS, -1.0
    while (now := float(page.evaluate(_INTERACTIVE))) != seen:
        if time.monotonic() > deadline:
            raise RuntimeError(f"{page.url} was never quiet for {_QUIET_MS} ms; is the machine busy?")
        seen = now
        page.wait_for_timeout(_QUIET_MS)
    return seen / 1000


def slow_frame_ms(page: Page, act: Callable[[], None]) -> float:
    """The 95th percentile of the time between two frames while `act` moves the page."""
    page.evaluate(_COUNT_FRAMES)
    act()
    frames: list[float] = page.evaluate(_STOP)
    return statistics.quantiles(frames, n=20)[-1]
