"""Documentation as HTML: headings that can be linked to, links that stay inside the app, tables that scroll."""

import posixpath
from collections.abc import Sequence
from itertools import pairwise

from markdown_it.token import Token

from luthier.domain.help import HELP, Document
from luthier.handbook.documents import FOLDERS, anchor_of, documents, parser, plain_text


def html_of(document: Document) -> str:
    """The page without its title."""
    return _rendered(document.markdown, document.folder)


def html_of_part(markdown: str, folder: str) -> str:
    """A piece of a page of that folder."""
    return _rendered(markdown, folder)


def _rendered(markdown: str, folder: str) -> str:
    parse = parser()
    tokens = _without_title(parse.parse(markdown))
    _mark_headings(tokens)
    for token in tokens:
        for child in token.children or ():
            if child.type == "link_open":
                child.attrSet("href", address_of(str(child.attrGet("href") or ""), folder))
    html = str(parse.renderer.render(tokens, parse.options, {}))
    return (
        html.replace(
            "<table>", '<div class="table-frame" tabindex="0" role="group" aria-label="Table"><table class="table">'
        )
        .replace("</table>", "</table></div>")
        .replace("<pre>", '<pre tabindex="0">')
    )


def address_of(target: str, folder: str) -> str:
    """Where a link of a page in that folder leads inside the app; what the app has no page for stays as it is."""
    path, _, anchor = target.partition("#")
    if not path.endswith(".md") or "://" in path:
        return target
    place = posixpath.normpath(posixpath.join(folder, path)).removesuffix(".md")
    if place not in documents():
        return target
    return f"{HELP}/{place}{f'#{anchor}' if anchor else ''}"


def address_in_guide(guide: str) -> str:
    """Of a guide that a term, a tip or a topic names: `training.md#epochs`."""
    return address_of(guide, FOLDERS[0])


def _without_title(tokens: list[Token]) -> list[Token]:
    if tokens and tokens[0].type == "heading_open" and tokens[0].tag == "h1":
        return tokens[3:]
    return tokens


def _mark_headings(tokens: Sequence[Token]) -> None:
    taken: set[str] = set()
    for opened, inline in pairwise(tokens):
        if opened.type == "heading_open":
            opened.attrSet("id", anchor_of(plain_text(inline), taken))
