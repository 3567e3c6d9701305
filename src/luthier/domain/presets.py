"""Presets: recipes that somebody saved under a name, in versions that never change."""

from datetime import datetime
from typing import Annotated, Literal

from pydantic import Field

from luthier.domain.errors import Action, NotFound, Problem, WrongUsage
from luthier.domain.findings import Finding
from luthier.domain.recipes import Recipe
from luthier.kit.frozen import Frozen

NAME = r"[a-z0-9][a-z0-9._-]{0,59}"
ExportFormat = Literal["yaml", "json"]
Tag = Annotated[str, Field(pattern=r"^[\w][\w .-]{0,39}$")]


class Preset(Frozen):
    """One version; `name` alone means the newest."""

    name: str
    version: int  # counts from 1
    versions: int  # how many there are
    tags: tuple[str, ...] = ()  # of all versions
    origin: str = ""  # what this version was saved from, in words
    saved_at: datetime
    recipe: Recipe | None  # None when its file was damaged by hand
    problem: Problem | None = None  # what is wrong with the file then

    @property
    def label(self) -> str:
        return f"{self.name}@{self.version}"


class PresetCheck(Frozen):
    """A file that somebody wants to bring in, looked at: what it would become, or everything that is wrong."""

    file: str
    name: str  # under which it would be saved
    recipe: Recipe | None
    findings: tuple[Finding, ...] = ()
    is_known: bool = False  # the newest version of that name says the same


class PresetNotFound(NotFound):
    code = "presets.not_found"
    sentence = "There is no preset {preset}; there are: {known}."
    actions = (Action(label="See them all", command="luthier recipes list"),)


class PresetNameInvalid(WrongUsage):
    code = "presets.name_invalid"
    sentence = "A preset cannot be called {name!r}: {reason}."
    actions = (Action(label="Use small letters, digits, dots and hyphens, e.g. support-chat, at most 60"),)


class PresetTagInvalid(WrongUsage):
    code = "presets.tag_invalid"
    sentence = "{tag!r} cannot be a tag."
    actions = (Action(label="Use letters, digits, spaces, dots and hyphens, at most 40"),)
