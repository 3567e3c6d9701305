"""The pages of the documentation, in the installed package or beside a checkout, taken apart into sections."""

import re
from collections.abc import Iterator, Sequence
from functools import cache
from pathlib import Path
from typing import NamedTuple

from markdown_it import MarkdownIt
from markdown_it.token import Token

from luthier.domain.help import Document, Section

FOLDERS = ("guide", "reference")
_PACKAGE = Path(__file__).parent


class Block(NamedTuple):
    """A heading or a piece of text, as a reader takes it in."""

    level: int  # of a heading; 0 for text
    text: str


@cache
def documents() -> dict[str, Document]:
    """By folder and name, e.g. "guide/training"."""
    root = documentation_folder()
    found = [_read(path) for folder in FOLDERS for path in sorted((root / folder).glob("*.md"))]
    return {f"{document.folder}/{document.name}": document for document in found}


def documentation_folder() -> Path:
    """The wheel carries the pages inside the package; in a checkout they lie in docs/, where they are written."""
    packed = _PACKAGE / "docs"
    return packed if packed.is_dir() else _PACKAGE.parents[2] / "docs"


def parser() -> MarkdownIt:
    return MarkdownIt("commonmark").enable("table")


def anchor_of(heading: str, taken: set[str]) -> str:
    """As code hosts make it: small letters, hyphens for spaces; a number where the page has it already."""
    plain = re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")
    anchor, number = plain, 0
    while anchor in taken:
        number += 1
        anchor = f"{plain}-{number}"
    taken.add(anchor)
    return anchor


def section_of_error(code: str) -> str | None:
    """The Markdown of one entry of the page of errors, without its heading."""
    page = documents().get("reference/errors")
    found = re.search(
        rf'<a id="{re.escape(code)}"></a>\n### .*?\n(.*?)(?=\n<a id=|\n## |\Z)',
        page.markdown if page else "",
        re.DOTALL,
    )
    return found[1].strip() if found else None


def _read(path: Path) -> Document:
    markdown = re.sub(r"\A<!--.*?-->\s*", "", path.read_text("utf-8"), flags=re.DOTALL)
    blocks = list(_blocks(parser().parse(markdown)))
    title = next((block.text for block in blocks if block.level == 1), path.stem)
    return Document(
        folder=path.parent.name,
        name=path.stem,
        title=title,
        summary=next((block.text for block in blocks if not block.level), ""),
        sections=tuple(_sections(blocks)),
        markdown=markdown,
    )


def _sections(blocks: Sequence[Block]) -> Iterator[Section]:
    taken: set[str] = set()
    heading, anchor, texts = "", "", list[str]()
    for block in blocks:
        if not block.level:
            texts.append(block.text)
            continue
        if texts:
            yield Section(heading=heading, anchor=anchor, text="\n".join(texts))
        made = anchor_of(block.text, taken)
        heading, anchor, texts = block.text, "" if block.level == 1 else made, []
    if texts:
        yield Section(heading=heading, anchor=anchor, text="\n".join(texts))


def _blocks(tokens: Sequence[Token]) -> Iterator[Block]:
    level = 0
    for token in tokens:
        match token.type:
            case "heading_open":
                level = int(token.tag[1:])
            case "heading_close":
                level = 0
            case "inline":
                yield Block(level, plain_text(token))
            case "fence" | "code_block":
                yield Block(0, token.content)


def plain_text(token: Token) -> str:
    """What is left of a line when its marks are gone."""
    breaks = ("softbreak", "hardbreak")
    kept = ("text", "code_inline")
    parts = (
        " " if child.type in breaks else child.content
        for child in token.children or ()
        if child.type in (*kept, *breaks)
    )
    return "".join(parts)
