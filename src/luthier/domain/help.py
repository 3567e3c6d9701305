"""Help as words: terms, tips for settings, what a page is for, pages of the documentation, what a search finds."""

from typing import Literal

from luthier.domain.errors import Action, NotFound
from luthier.kit.frozen import Frozen

HELP = "/help"  # where the server explains things


class Term(Frozen):
    """An entry of the glossary."""

    key: str
    term: str  # as it is written in the middle of a sentence
    says: str
    also: tuple[str, ...] = ()  # other names of the same thing
    guide: str = ""  # a page of the guide, perhaps with an anchor

    @property
    def address(self) -> str:
        return f"{HELP}/glossary#{self.key}"


class Tip(Frozen):
    """What a setting or a field does, and when one would change it. Its key has two parts: settings.epochs."""

    key: str
    label: str
    says: str
    guide: str = ""


class ErrorMeaning(Frozen):
    """What the reference says of the code of an error."""

    code: str
    says: str  # Markdown


class Topic(Frozen):
    """What a page is for. In its path `*` stands for one part or more."""

    path: str
    title: str
    says: str
    terms: tuple[str, ...] = ()  # keys
    guides: tuple[str, ...] = ()
    is_reached_by_choice: bool = False  # its address says of what; without that it shows nothing

    @property
    def is_one_page(self) -> bool:
        return "*" not in self.path and not self.is_reached_by_choice


class Shortcut(Frozen):
    keys: tuple[str, ...]  # one after the other
    does: str


class Section(Frozen):
    heading: str
    anchor: str  # "" for what stands before the first heading below the title
    text: str  # without marks


class Document(Frozen):
    """A page of the documentation."""

    folder: str  # "guide" or "reference"
    name: str
    title: str
    summary: str  # its first paragraph
    sections: tuple[Section, ...]
    markdown: str

    @property
    def address(self) -> str:
        return f"{HELP}/{self.folder}/{self.name}"


Explanation = Document | Tip | ErrorMeaning | Term
HitKind = Literal["page", "action", "run", "dataset", "version", "term", "guide", "error"]


class Hit(Frozen):
    """Something that a search found, and where it is."""

    kind: HitKind
    label: str
    note: str
    address: str


class HelpNotFound(NotFound):
    code = "help.not_found"
    sentence = "The help has nothing called {name}{nearby}."
    actions = (
        Action(label="See every topic and term", command="luthier help", address="/help"),
        Action(label="Or look for a word in all of it", command="luthier help --search WORD"),
    )
