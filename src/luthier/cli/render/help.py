"""Explanations in the terminal: terms, tips, errors, and pages of the guide."""

from collections.abc import Iterable, Sequence
from typing import assert_never

from rich.columns import Columns
from rich.console import RenderableType
from rich.markdown import Markdown

from luthier.cli.render.tables import table
from luthier.cli.render.text import heading, plain, soft
from luthier.domain.help import Document, ErrorMeaning, Explanation, Hit, Term, Tip


def topics_view(guides: Sequence[Document], terms: Sequence[Term]) -> Iterable[RenderableType]:
    yield heading("The guide")
    yield table(("Topic", "About"), [(document.name, document.title) for document in guides])
    yield heading("Words")
    yield Columns([plain(term.term) for term in terms], padding=(0, 2))
    yield soft("\nOne of them: luthier help TOPIC. A word in all of it: luthier help --search WORD")


def explanation_view(found: Explanation) -> Iterable[RenderableType]:
    match found:
        case Document():
            yield Markdown(found.markdown)
        case ErrorMeaning():
            yield heading(found.code)
            yield Markdown(found.says)
        case Tip():
            yield heading(f"{found.label} ({found.key})")
            yield from _told(found.says, found.guide)
        case Term():
            yield heading(found.term)
            yield from _told(found.says, found.guide)
            if found.also:
                yield soft(f"Also called {', '.join(found.also)}.")
        case _:
            assert_never(found)


def _told(says: str, guide: str) -> Iterable[RenderableType]:
    yield plain(says)
    if guide:
        yield soft(f"More: luthier help {guide.partition('.md')[0]}")


def hits_table(hits: Sequence[Hit]) -> Iterable[RenderableType]:
    if hits:
        yield table(("Kind", "What", "Says"), [(hit.kind, hit.label, hit.note) for hit in hits])
    else:
        yield soft("Nothing says that.")
