"""Writes the pages of docs/reference that follow from the code; a test holds that they are up to date."""

import sys
from collections.abc import Callable
from pathlib import Path

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

from scripts.reference import (  # noqa: E402 - the path must be set first
    commands,
    doctor,
    errors,
    findings,
    journal,
    routes,
    settings,
    simulated,
)

FOLDER = ROOT / "docs" / "reference"
PAGES: dict[str, Callable[[], str]] = {
    "api.md": routes.page,
    "commands.md": commands.page,
    "doctor.md": doctor.page,
    "errors.md": errors.page,
    "findings.md": findings.page,
    "journal.md": journal.page,
    "settings.md": settings.page,
    "simulated-gpus.md": simulated.page,
}
MARK = "<!-- Written by `make docs` from the code. -->\n\n"


def content_of(name: str) -> str:
    return MARK + PAGES[name]().rstrip() + "\n"


def main() -> None:
    FOLDER.mkdir(parents=True, exist_ok=True)
    for name in PAGES:
        (FOLDER / name).write_text(content_of(name), encoding="utf-8")
        print(f"docs/reference/{name}")


if __name__ == "__main__":
    main()
