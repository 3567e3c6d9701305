"""Help as any face asks for it: terms, tips, topics, documentation, and the entry of an error."""

import difflib

from luthier.domain.help import Document, ErrorMeaning, Explanation, HelpNotFound, Hit, Shortcut, Term, Tip, Topic
from luthier.handbook import entries
from luthier.handbook.documents import documents, section_of_error
from luthier.handbook.pages import address_in_guide, html_of, html_of_part
from luthier.handbook.search import find


class Help:
    """Needs no workspace: what it says is part of the package."""

    def explain(self, name: str) -> Explanation:
        """A page of the guide, a setting, the code of an error, or a term: the first that is called so.

        Raises HelpNotFound.
        """
        if found := documents().get(name) or documents().get(f"guide/{name}") or entries.tips().get(name):
            return found
        if (says := section_of_error(name)) is not None:
            return ErrorMeaning(code=name, says=says)
        return self.term(name)

    def terms(self) -> tuple[Term, ...]:
        """In the order of the alphabet."""
        return tuple(entries.terms().values())

    def term(self, name: str) -> Term:
        """By key, name or other name. Raises HelpNotFound."""
        if found := entries.term_called(name):
            return found
        raise HelpNotFound(name=name, nearby=_nearby(name))

    def tips(self) -> tuple[Tip, ...]:
        return tuple(entries.tips().values())

    def tip(self, key: str) -> Tip:
        """Raises HelpNotFound."""
        if found := entries.tips().get(key):
            return found
        raise HelpNotFound(name=key, nearby="")

    def topics(self) -> tuple[Topic, ...]:
        return tuple(entries.topics().values())

    def topic_of(self, path: str) -> Topic | None:
        """What the page at that path is for."""
        return entries.topic_of(path)

    def shortcuts(self) -> tuple[Shortcut, ...]:
        return entries.shortcuts()

    def documents(self, folder: str) -> tuple[Document, ...]:
        return tuple(document for document in documents().values() if document.folder == folder)

    def document(self, folder: str, name: str) -> Document:
        """Raises HelpNotFound."""
        if found := documents().get(f"{folder}/{name}"):
            return found
        raise HelpNotFound(name=name, nearby=_nearby(name))

    def html_of(self, document: Document) -> str:
        return html_of(document)

    def error(self, code: str) -> ErrorMeaning:
        """Raises HelpNotFound."""
        if (found := section_of_error(code)) is not None:
            return ErrorMeaning(code=code, says=found)
        raise HelpNotFound(name=code, nearby="")

    def error_html(self, code: str) -> str:
        return html_of_part(self.error(code).says, "reference")

    def search(self, words: str, most: int = 20) -> list[Hit]:
        return find(words, most)

    def address_in_guide(self, guide: str) -> str:
        return address_in_guide(guide)


def _nearby(name: str) -> str:
    """Terms that may have been meant, as the end of a sentence."""
    terms = entries.terms().values()
    names = {each.casefold(): term.term for term in terms for each in (term.key, term.term, *term.also)}
    close = difflib.get_close_matches(name.casefold(), names, n=3, cutoff=0.7)
    return f"; did you mean {' or '.join(dict.fromkeys(names[each] for each in close))}" if close else ""
