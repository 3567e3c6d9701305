"""Waiting for the processes that look at the rows of a draft and that count its examples, and finding them."""

import time
from contextlib import suppress

import psutil
from fastapi.testclient import TestClient

_WITHIN = 120.0  # seconds


def looked_at(browser: TestClient, draft: str) -> str:
    """The part of the last step once nobody works on it any more; `draft` is its address."""
    return _settled(browser, f"{draft}/review/preflight", "every 700ms")


def planned(browser: TestClient, draft: str, step: str = "settings") -> str:
    """The plan card once nobody counts any more."""
    return _settled(browser, f"{draft}/{step}/plan", "every 500ms")


def looking() -> psutil.Process:
    """The process that looks at rows, as soon as it is there."""
    return _process("luthier.services.preview_process")


def counting() -> psutil.Process:
    """The process that counts examples, as soon as it is there."""
    return _process("luthier.services.counting_process")


def _settled(browser: TestClient, address: str, asks_again: str) -> str:
    deadline = time.monotonic() + _WITHIN
    while asks_again in (part := browser.get(address).text):
        assert time.monotonic() < deadline
        time.sleep(0.05)
    return part


def _process(module: str) -> psutil.Process:
    deadline = time.monotonic() + _WITHIN
    while time.monotonic() < deadline:
        for child in psutil.Process().children():
            with suppress(psutil.NoSuchProcess):  # of another test, ended meanwhile
                if module in child.cmdline():
                    return child
        time.sleep(0.01)
    raise AssertionError(f"no process runs {module}")
