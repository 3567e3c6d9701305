"""The doctor: looks at machine, software and workspace, and says what would not work, why, and what mends it."""

from collections.abc import Iterator
from pathlib import Path

from luthier.domain.checkup import Check, Checkup, Verdict
from luthier.domain.errors import LuthierError, Problem
from luthier.domain.machine import Machine
from luthier.kit.clock import Clock
from luthier.planning.checks.gpu import gpu_checks
from luthier.planning.checks.machine import machine_checks
from luthier.planning.checks.rates import rates_check
from luthier.planning.checks.software import part_checks, software_checks
from luthier.planning.checks.wording import Wording
from luthier.planning.installed import Installed, look_around
from luthier.planning.machine import probe_machine
from luthier.services.folders import Folders
from luthier.services.machine import MachineProfile
from luthier.services.runs import Runs
from luthier.services.workspace_health import database_check, folder_checks, isolation_check, supervisor_check
from luthier.store import Store


class Doctor:
    def __init__(self, store: Store, runs: Runs, folders: Folders, machine: MachineProfile, clock: Clock) -> None:
        self._store = store
        self._runs = runs
        self._folders = folders
        self._machine = machine
        self._clock = clock

    def examine(self, *, refresh: bool = False) -> Checkup:
        """Takes a second at most and changes nothing. `refresh` looks at the hardware anew."""
        machine, installed = self._machine.get(refresh=refresh), look_around()
        rates, say = self._machine.rates(), Wording(machine.system, str(self._folders.root))
        checks = [
            *_of_machine(machine, installed, say),
            rates_check(rates, installed.torch, say),
            *folder_checks(self._folders, self._clock, say),
            *self._store_checks(say),
            isolation_check(say),
            *part_checks(machine, installed, say),
        ]
        return Checkup(made_at=self._clock.now(), machine=machine, rates=rates, checks=tuple(checks))

    def _store_checks(self, say: Wording) -> Iterator[Check]:
        try:
            facts = self._store.describe()
            unfinished = self._runs.any_unfinished()
        except LuthierError as error:
            yield from opening_failed(error.problem, say)
            return
        yield database_check(facts, say)
        yield supervisor_check(self._folders, unfinished, say)


def examine_without_workspace(folder: Path, problem: Problem, clock: Clock) -> Checkup:
    """For a workspace that cannot be opened: the machine all the same, and why it cannot."""
    machine, installed = probe_machine(folder), look_around()
    say = Wording(machine.system, str(folder))
    checks = [
        *_of_machine(machine, installed, say),
        *opening_failed(problem, say),
        *part_checks(machine, installed, say),
    ]
    return Checkup(made_at=clock.now(), machine=machine, rates=None, checks=tuple(checks))


def _of_machine(machine: Machine, installed: Installed, say: Wording) -> Iterator[Check]:
    yield from machine_checks(machine, say)
    yield from gpu_checks(machine, say)
    yield from software_checks(machine, installed, say)


def opening_failed(problem: Problem, say: Wording) -> Iterator[Check]:
    check = say.advise("opening.failed", "failed", why=problem.sentence)
    yield check.model_copy(update={"verdict": Verdict.ERROR, "actions": problem.actions})
