"""Gathers what is wrong with one scenario: each finding with line and column, and something to do about it."""

import difflib
from collections.abc import Iterable

from luthier.data.scenarios.lines import Spot
from luthier.domain.findings import Finding, Level, Place

_MOST = 500  # findings of one file; nobody reads more


class Faults:
    def __init__(self, file: str | None = None) -> None:
        self._file = file
        self._findings: list[Finding] = []
        self._left_out = 0

    @property
    def findings(self) -> tuple[Finding, ...]:
        """In the order of the file; of a hopeless one, the first that were met and how many more there are."""
        found = sorted(self._findings, key=_place_of)
        if self._left_out:
            sentence = f"{self._left_out} more problems were found."
            at = Spot(found[-1].place.line or 1, found[-1].place.character or 1)
            found.append(
                self._finding(Level.ERROR, "more", sentence, at, "Mend those before this one, and check again.")
            )
        return tuple(found)

    @property
    def any_error(self) -> bool:
        return self._left_out > 0 or any(finding.level is Level.ERROR for finding in self._findings)

    def fault(self, code: str, sentence: str, at: Spot, suggestion: str, expected: str = "") -> None:
        """An error: the scenario is not trained on while it is there."""
        self._add(Level.ERROR, code, sentence, at, suggestion, expected)

    def doubt(self, code: str, sentence: str, at: Spot, suggestion: str, expected: str = "") -> None:
        """A warning."""
        self._add(Level.WARNING, code, sentence, at, suggestion, expected)

    def _add(self, level: Level, code: str, sentence: str, at: Spot, suggestion: str, expected: str) -> None:
        if len(self._findings) < _MOST:
            self._findings.append(self._finding(level, code, sentence, at, suggestion, expected))
        else:
            self._left_out += 1

    def _finding(
        self, level: Level, code: str, sentence: str, at: Spot, suggestion: str, expected: str = ""
    ) -> Finding:
        return Finding(
            code=f"scenario.{code}",
            level=level,
            sentence=sentence,
            place=Place(file=self._file, line=at.line, character=at.character),
            expected=expected,
            suggestion=suggestion,
        )


def nearest(word: str, known: Iterable[str]) -> str:
    """The known word that was probably meant; empty when none is like it."""
    by_lower = {each.lower(): each for each in known}
    found = difflib.get_close_matches(word.lower()[:80], by_lower, n=1, cutoff=0.65)
    return by_lower[found[0]] if found else ""


def did_you_mean(word: str, known: Iterable[str], otherwise: str) -> str:
    close = nearest(word, known)
    return f"Did you mean {close}?" if close else otherwise


def _place_of(finding: Finding) -> tuple[int, int]:
    return finding.place.line or 0, finding.place.character or 0
