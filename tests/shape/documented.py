"""The commands that people are told to type: in the pages of the documentation, and in the actions of errors."""

import re
import shlex
from collections.abc import Iterator
from pathlib import Path

from tests.shape.sources import ROOT


def pages() -> list[Path]:
    return [*sorted(ROOT.glob("*.md")), *sorted((ROOT / "docs").rglob("*.md"))]


def blocks(page: Path, language: str) -> list[list[str]]:
    """The lines of the fenced blocks in that language, continued ones joined, without comments and empty lines."""
    text = page.read_text(encoding="utf-8").replace("\\\n", "")
    found = re.findall(rf"^```{language}\n(.*?)^```", text, re.MULTILINE | re.DOTALL)
    return [[line for line in block.splitlines() if line.strip() and not line.startswith("#")] for block in found]


def commands_on(page: Path) -> Iterator[str]:
    text = page.read_text(encoding="utf-8")
    lines = [line for language in ("sh", "text") for block in blocks(page, language) for line in block]
    inline = re.findall(r"`(luthier [^`]+)`", re.sub(r"^```.*?^```", "", text, flags=re.MULTILINE | re.DOTALL))
    for line in (*lines, *inline):
        if line.startswith("luthier "):
            yield line


def words_of(command: str) -> list[str]:
    return shlex.split(command, comments=True)
