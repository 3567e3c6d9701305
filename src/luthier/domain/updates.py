"""Newer versions of Luthier itself: what is known of them, and since when."""

from datetime import datetime

from luthier.domain.errors import Action, Unreachable
from luthier.kit.frozen import Frozen

PACKAGE = "luthier"  # as the package index knows it


class Release(Frozen):
    """One that would run here."""

    version: str
    published_at: datetime | None = None


class UpdateNews(Frozen):
    running: str  # the version that says so
    newer: Release | None = None  # than the one that runs; None is none, as far as is known
    asked_at: datetime | None = None  # None: never
    problem: str = ""  # why it was asked in vain the last time, as a sentence
    automatic: bool = False  # whether a server asks by itself

    @property
    def sentence(self) -> str:
        if self.newer is not None:
            return f"Luthier {self.newer.version} is out; this is {self.running}."
        if self.asked_at is None or self.problem:
            return f"This is Luthier {self.running}; whether there is a newer one is not known."
        return f"This is Luthier {self.running}, the newest."


class UpdatesUnknown(Unreachable):
    code = "updates.unknown"
    sentence = "Whether there is a newer version could not be found out: {reason}."
    actions = (
        Action(label="Try again later", command="luthier updates look"),
        Action(label="Or name the index that your network has", command="export LUTHIER_PACKAGE_INDEX=https://HOST"),
    )
