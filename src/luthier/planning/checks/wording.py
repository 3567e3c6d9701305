"""Turns a case of a subject into a check: its words and commands stand in doctor.toml."""

import shlex
import sys
from functools import cache

from luthier.domain.checkup import Check, Verdict
from luthier.domain.errors import Action
from luthier.planning.machine_facts import Advice, Remedy, Subject, doctor_facts

GAPS = {"pip": f"{shlex.quote(sys.executable)} -m pip"}


class Wording:
    """Of one machine: some commands help on one system only."""

    def __init__(self, system: str, folder: str = "") -> None:
        """`system` as Machine.system has it, e.g. "Linux 6.18"."""
        self._system = system.partition(" ")[0]
        self._gaps = {**GAPS, "folder": shlex.quote(folder)}

    def good(self, code: str, found: str) -> Check:
        subject = _subject(code)
        return Check(code=code, part=subject.part, name=subject.name, verdict=Verdict.GOOD, found=found)

    def advise(self, code: str, found: str, **known: str) -> Check:
        """`code` is subject and case, e.g. "memory.small"; `known` fills the gaps of its words."""
        name, _, case = code.partition(".")
        subject = _subject(name)
        advice = next(each for each in subject.advice if each.when == case)
        return Check(
            code=code,
            part=subject.part,
            name=subject.name,
            verdict=advice.verdict,
            found=found,
            reason=advice.reason.format(**known),
            actions=self.actions(advice, **known),
        )

    def actions(self, of: "Advice | tuple[Remedy, ...]", **known: str) -> tuple[Action, ...]:
        remedies = of.actions if isinstance(of, Advice) else of
        gaps = self._gaps | known
        return tuple(
            Action(label=each.label, command=each.command.format(**gaps) if each.command else None)
            for each in remedies
            if not each.on or self._system in each.on
        )


@cache
def _subject(code: str) -> Subject:
    return next(each for each in doctor_facts().subjects if each.code == code)
