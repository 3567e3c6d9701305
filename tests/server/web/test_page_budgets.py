"""What the first visit of a page fetches: the page and, from it, every sheet, script, module, font and picture."""

import gzip
import re

from fastapi.testclient import TestClient

from luthier.server.web.assets import assets
from tests.server.web.scenes import Scene
from tests.server.web.test_pages import addresses_of

MOST_BYTES = 150_000  # compressed, of all together
MOST_REQUESTS = 32
_HEADERS = 350  # bytes that an answer costs beside its body
_NAMED = re.compile(r"""(?:href|src)="/static/([^"?]+)""")
_IMPORTED = re.compile(r"""^import [^"]*"\./([^"]+)";""", re.MULTILINE)
_EVERYWHERE = frozenset({"css/workshop.css", "vendor/inter.woff2"})


def fetched_by(page: str) -> set[str]:
    """Names of the static files; an icon for the home screen and the manifest are fetched by an installed app alone."""
    waiting = {name for name in _NAMED.findall(page) if not name.startswith(("icons/", "app."))}
    found: set[str] = set()
    while waiting:
        name = waiting.pop()
        found.add(name)
        if name.endswith(".js") and not name.startswith("vendor/"):
            imported = _IMPORTED.findall(assets()[name].body.decode())
            waiting |= {f"behaviours/{each}" for each in imported} - found
    return found


def test_no_page_fetches_more_than_its_budget(browser: TestClient, much: Scene) -> None:
    over = []
    for address in addresses_of(much):
        page = browser.get(address)
        if not page.text.startswith("<!doctype html>"):
            continue  # a part of a page
        names = fetched_by(page.text)
        sent = [assets()[name].gzipped or assets()[name].body for name in names]
        in_all = len(gzip.compress(page.content)) + sum(map(len, sent)) + _HEADERS * (1 + len(names))
        assert names >= _EVERYWHERE, address
        if in_all > MOST_BYTES or len(names) + 1 > MOST_REQUESTS:
            over.append(f"{address}: {in_all} bytes in {len(names) + 1} requests")
    assert over == []
