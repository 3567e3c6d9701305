"""Every page that can be opened without naming anything, taken from the routes, so that a new one is looked at too."""

import re

from luthier.server.web import routers

# Parts of pages, files, and what stands before the sign-in.
_NOT_PAGES = re.compile(
    r".*/parts/|/static/|/palette|/help/panel|/sign-in|/notifications/history|/machine/backups"
    r"|/models/(list|downloads)|/logs/lines"
)
_NEEDS_A_QUERY = frozenset({"/runs/compare", "/versions/compare", "/models/compare", "/models/remove"})


def whole_pages() -> tuple[str, ...]:
    paths = {
        route.path  # type: ignore[attr-defined]
        for router in routers
        for route in router.routes
        if "GET" in getattr(route, "methods", ())
    }
    return tuple(
        sorted(path for path in paths if "{" not in path and not _NOT_PAGES.match(path) and path not in _NEEDS_A_QUERY)
    )
