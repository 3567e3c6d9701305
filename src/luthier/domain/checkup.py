"""A checkup: what was found about the machine and the workspace, point by point, and what to do about each."""

from datetime import datetime
from enum import StrEnum

from luthier.domain.errors import Action
from luthier.domain.machine import Machine, Rates
from luthier.kit.frozen import Frozen


class Verdict(StrEnum):
    ERROR = "error"  # something will not work
    WARNING = "warning"  # something will work badly
    NOTE = "note"  # something could be better, or is not known
    GOOD = "good"


class Check(Frozen):
    """One point. `reason` and `actions` are empty when it is good."""

    code: str  # e.g. "memory", or "memory.small" when there is something to say
    part: str  # the heading that it stands under
    name: str
    verdict: Verdict
    found: str  # what is there, in a few words
    reason: str = ""
    actions: tuple[Action, ...] = ()


class DatabaseFacts(Frozen):
    """What a database says of itself."""

    kind: str  # "SQLite" or "PostgreSQL"
    version: str
    tables: str  # the migration that they are at
    journal_mode: str = ""  # of SQLite
    first_safe_wal: str = ""  # the first version whose write-ahead log is used; empty when this one is new enough
    damage: str = ""  # what its own check found; empty when nothing


class Checkup(Frozen):
    made_at: datetime
    machine: Machine
    rates: Rates | None
    checks: tuple[Check, ...]

    def count(self, verdict: Verdict) -> int:
        return sum(check.verdict is verdict for check in self.checks)

    @property
    def parts(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(check.part for check in self.checks))
