"""Scenarios as they are shown: a text as a person reads it, a file that was opened, a variation."""

from luthier.domain.findings import Finding
from luthier.domain.scenarios import Scenario, ScenarioEntry, Speaker
from luthier.kit.frozen import Frozen


class ShownCall(Frozen):
    """A call as it is written, and where."""

    text: str
    line: int


class ShownTurn(Frozen):
    speaker: Speaker
    line: int
    text: str  # without the calls
    calls: tuple[ShownCall, ...] = ()
    fields: tuple[tuple[str, str], ...] = ()  # of a TOOLCALL: names and values
    workings: tuple[str, ...] = ()  # how its sum and its outcome come about


class ScenarioView(Frozen):
    """A text as a person reads it: what it says, turn by turn, and what is wrong where."""

    entry: ScenarioEntry
    scenario: Scenario  # as much of it as could be read
    turns: tuple[ShownTurn, ...]
    findings: tuple[Finding, ...]
    laid_out: str  # the same in the usual layout


class ScenarioText(Frozen):
    """A scenario file that was opened."""

    path: str
    text: str
    sha256: str  # of the file, so that a later change of it is noticed
    is_own: bool  # lies in the workspace, where it may be written


class VariedText(Frozen):
    """One variation, not written anywhere."""

    origin: str
    category: str
    seed: int
    text: str
    changed: tuple[int, ...]  # lines, from 1, that differ from the origin; the front matter aside
